//! The courses as they are taught today, read from course-content.

use std::{collections::BTreeMap, sync::Arc};

use serde::Deserialize;

use crate::{
    content::{ContentId, ContentKind, Piece},
    i18n::{Lang, Text},
};

/// What `course.toml` says.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CoursePlan {
    pub code: String,
    pub title: Text,
    pub summary: Text,
    #[serde(default)]
    pub goals: Vec<Text>,
    /// Class hours.
    pub hours: i64,
    #[serde(default)]
    pub audience: Vec<String>,
    #[serde(default)]
    pub prerequisites: Vec<String>,
    pub area: String,
    #[serde(rename = "lesson")]
    pub lessons: Vec<LessonPlan>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LessonPlan {
    pub slug: String,
    pub title: Text,
    pub minutes: i64,
}

/// A course with the Markdown of its lessons.
#[derive(Clone, Debug)]
pub struct Course {
    pub plan: CoursePlan,
    /// The revision people enrol in today.
    pub content: ContentId,
    lessons: BTreeMap<(String, &'static str), String>,
}

impl Course {
    /// Reads a course folder; says what is wrong with it, naming the file.
    pub fn parse(piece: &Piece) -> Result<Course, Text> {
        let code = &piece.code;
        let file = piece.texts.get("course.toml").ok_or_else(|| {
            crate::text!(
                "courses/{code}: 缺少 course.toml。",
                "courses/{code}: course.toml is missing."
            )
        })?;
        let plan: CoursePlan = toml::from_str(file)
            .map_err(|error| Text::same(format!("courses/{code}/course.toml: {error}")))?;
        if &plan.code != code {
            return Err(crate::text!(
                "courses/{code}/course.toml: code 应与文件夹同名。",
                "courses/{code}/course.toml: code must be the name of the folder."
            ));
        }
        let mut lessons = BTreeMap::new();
        for lesson in &plan.lessons {
            for lang in Lang::ALL {
                let path = format!("lessons/{}.{}.md", lesson.slug, lang.tag());
                let text = piece.texts.get(&path).ok_or_else(|| {
                    crate::text!(
                        "courses/{code}: 缺少 {path}。",
                        "courses/{code}: {path} is missing."
                    )
                })?;
                lessons.insert((lesson.slug.clone(), lang.tag()), text.clone());
            }
        }
        Ok(Course { plan, content: ContentId(0), lessons })
    }

    /// A revision that is no longer taught, for those who enrolled in it.
    pub fn of_revision(
        id: ContentId,
        code: &str,
        texts: BTreeMap<String, String>,
    ) -> Result<Course, Text> {
        let (kind, code) = (ContentKind::Course, code.to_owned());
        let piece = Piece { kind, code, texts, media: BTreeMap::new() };
        Ok(Course { content: id, ..Course::parse(&piece)? })
    }

    pub fn lesson(&self, slug: &str) -> Option<(usize, &LessonPlan)> {
        self.plan.lessons.iter().enumerate().find(|(_, lesson)| lesson.slug == slug)
    }

    pub fn markdown(&self, slug: &str, lang: Lang) -> &str {
        self.lessons.get(&(slug.to_owned(), lang.tag())).map_or("", String::as_str)
    }
}

/// All courses, by code. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Catalogue {
    courses: Arc<BTreeMap<String, Course>>,
}

impl Catalogue {
    pub fn new(courses: Vec<Course>) -> Catalogue {
        let courses =
            courses.into_iter().map(|course| (course.plan.code.clone(), course)).collect();
        Catalogue { courses: Arc::new(courses) }
    }

    pub fn get(&self, code: &str) -> Option<&Course> {
        self.courses.get(code)
    }

    /// What readers call a course; its code when it is no longer taught.
    pub fn title(&self, code: &str) -> Text {
        self.get(code).map_or_else(|| Text::same(code), |course| course.plan.title.clone())
    }

    pub fn iter(&self) -> impl Iterator<Item = &Course> {
        self.courses.values()
    }
}
