//! Out and in again: what is exported and imported is the same bank; what foreign systems wrote is
//! read as they meant it.

use std::{collections::HashMap, io::Write};

use proptest::prelude::*;

use super::{
    Format, Source, TypeCodes,
    draft::{Draft, Outcome, Refusal},
    plan::{self, Plan, Setting},
    to_gift, to_moodle, to_sheet,
};
use crate::{
    exams::questions::{
        Body, Task,
        bank::Question,
        body::{
            Accepted, Choice, Credit, Essay, Hotspot, Matching, Numeric, OtherNumber, Pair, Part,
            Region, Short,
        },
        model::{Difficulty, Importance, Level},
    },
    i18n::{Lang, Text},
};

fn source(
    bytes: &[u8],
    format: Option<Format>,
) -> Result<(tempfile::NamedTempFile, Source), Refusal> {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(bytes).unwrap();
    let source = Source::open(file.path(), "file", format)?;
    Ok((file, source))
}

fn read(bytes: &[u8], format: Format) -> Result<Plan, Refusal> {
    read_with(bytes, format, &TypeCodes::new())
}

fn read_with(bytes: &[u8], format: Format, codes: &TypeCodes) -> Result<Plan, Refusal> {
    let (_file, source) = source(bytes, Some(format))?;
    let setting = Setting { bank: "b", new_bank: false, source: &source, lang: None };
    Ok(plan::plan(&setting, source.read(codes)?, Vec::new()))
}

fn write(questions: &[Question], format: Format, lang: Lang) -> Vec<u8> {
    match format {
        Format::Gift => to_gift::write(questions, lang).into_bytes(),
        Format::MoodleXml => to_moodle::write(questions, &HashMap::new(), lang).into_bytes(),
        _ => to_sheet::write(questions, lang).unwrap(),
    }
}

fn words() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => "[a-zA-Z 中文，。]{0,12}[a-z中]",
        1 => "[ -~中文：\n]{0,20}[!-~中]",
        1 => Just("a -> b =c ~d {e} [html] // \\n #x %50% \n\n&amp; <b>".to_owned()),
    ]
}

fn text() -> impl Strategy<Value = Text> {
    (words(), words(), 0..4).prop_map(|(zh, en, which)| match which {
        0 => Text { zh, en: String::new() },
        1 => Text { zh: String::new(), en },
        _ => Text { zh, en },
    })
}

fn choices() -> impl Strategy<Value = Vec<Choice>> {
    let one = (
        text(),
        prop_oneof![Just(Text::default()), text()],
        prop::option::of(-1_000_000..=1_000_000_i64),
    );
    let option = |(text, feedback, share)| Choice { text, correct: false, share, feedback };
    prop::collection::vec(one.prop_map(option), 2..6)
}

fn credit() -> impl Strategy<Value = Credit> {
    prop_oneof![Just(Credit::Exact), Just(Credit::Partial)]
}

fn simple_task() -> impl Strategy<Value = Task> {
    let single = choices().prop_map(|mut options| {
        options[0] = Choice { correct: true, share: None, ..options[0].clone() };
        Task::Single { options }
    });
    let multiple = (choices(), credit()).prop_map(|(mut options, credit)| {
        options.iter_mut().take(2).for_each(|one| one.correct = true);
        Task::Multiple { options, credit }
    });
    let numeric = (-9_999..9_999_i64, 0..50_u32, text(), "[a-zΩ]{0,3}").prop_map(
        |(value, tolerance, feedback, unit)| {
            let also = vec![OtherNumber {
                value: "7.5".into(),
                tolerance: "1".into(),
                share: 500_000,
                feedback,
            }];
            Task::Numeric(Numeric {
                value: value.to_string(),
                tolerance: format!("0.{tolerance}"),
                unit,
                also,
            })
        },
    );
    let short = (prop::collection::vec((words(), text()), 1..4), any::<bool>()).prop_map(
        |(forms, case_matters)| {
            let form = |(form, feedback)| Accepted { form, share: 1_000_000, feedback };
            Task::Short(Short { accepted: forms.into_iter().map(form).collect(), case_matters })
        },
    );
    let matching = (
        prop::collection::vec((text(), text()), 2..5),
        prop::collection::vec(text(), 0..3),
        credit(),
    )
        .prop_map(|(pairs, distractors, credit)| {
            let pairs =
                pairs.into_iter().map(|(prompt, partner)| Pair { prompt, partner }).collect();
            Task::Matching(Matching { pairs, distractors, credit })
        });
    prop_oneof![
        single,
        multiple,
        any::<bool>().prop_map(|answer| Task::TrueFalse { answer }),
        numeric,
        short,
        matching,
        (prop::collection::vec(text(), 2..6), credit())
            .prop_map(|(items, credit)| Task::Ordering { items, credit }),
        (text(), prop::option::of(10..900_u32), 1..3_u32)
            .prop_map(|(guide, words, markers)| Task::Essay(Essay { guide, words, markers })),
    ]
}

fn task() -> impl Strategy<Value = Task> {
    let part = (text(), simple_task(), 1..5_u32).prop_map(|(stem, task, points)| Part {
        stem,
        task,
        feedback: Text::default(),
        points,
        fixed_order: false,
    });
    let hotspot = text().prop_map(|alt| {
        let regions = vec![Region::Circle { x: 5, y: 6, radius: 7 }];
        Task::Hotspot(Hotspot { picture: "/exams/files/x".into(), alt, regions })
    });
    prop_oneof![
        6 => simple_task(),
        1 => hotspot,
        1 => prop::collection::vec(part, 1..3).prop_map(|parts| Task::Case { parts }),
    ]
}

fn question() -> impl Strategy<Value = Question> {
    let filed = (0..3_usize, 0..3_usize, 0..3_usize, 0..2_usize);
    (task(), text(), text(), filed, 1..5_u32, any::<bool>()).prop_map(
        |(task, stem, feedback, (level, importance, difficulty, area), points, fixed_order)| {
            let (area, title) =
                [("a", Text::new("甲/乙", "A/B")), ("b", Text::new("电气", "Electrics"))][area]
                    .clone();
            let references = vec!["ISO 1; 2".to_owned()];
            Question {
                code: String::new(),
                kind: task.kind(),
                area: area.to_owned(),
                level: Level::ALL[level],
                importance: Importance::ALL[importance],
                difficulty: Difficulty::ALL[difficulty],
                body: Body { area: title, stem, task, feedback, references, points, fixed_order },
            }
        },
    )
}

fn bank() -> impl Strategy<Value = Vec<Question>> {
    prop::collection::vec(question(), 1..5).prop_map(|mut questions| {
        let sound = |one: &Question| one.body.mistakes().is_empty();
        questions.retain(sound);
        for (number, one) in (1..).zip(&mut questions) {
            one.code = format!("q-{number}");
        }
        questions
    })
}

fn digests<'a>(questions: impl Iterator<Item = &'a Question>) -> Vec<(String, String)> {
    let mut all: Vec<_> = questions.map(|one| (one.code.clone(), one.digest())).collect();
    all.sort();
    all
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn a_bank_comes_back_as_it_went(bank in bank(), english in any::<bool>()) {
        let lang = if english { Lang::En } else { Lang::Zh };
        for format in Format::WRITTEN.into_iter().filter(|_| !bank.is_empty()) {
            let plan = read(&write(&bank, format, lang), format).unwrap();
            prop_assert_eq!(plan.report.refused, 0, "{:?}", plan.report.lines);
            let back = digests(plan.steps.iter().map(|step| &step.question));
            prop_assert_eq!(back, digests(bank.iter()), "{}", format.word());
        }
    }

    /// Foreign readers see no mark: what is visible is the same kind of question with the same key.
    #[test]
    fn what_others_see_of_an_export_is_the_same_question(one in question()) {
        let one = Question { code: "q-1".into(), ..one };
        prop_assume!(one.body.mistakes().is_empty());
        for format in [Format::Gift, Format::MoodleXml] {
            let file = String::from_utf8(write(std::slice::from_ref(&one), format, Lang::Zh)).unwrap();
            let bare = file.replace("shifu:1:", "other:");
            let plan = read(bare.as_bytes(), format).unwrap();
            let seen = plan.steps.first().map(|step| &step.question);
            let lacks = match format {
                Format::Gift => to_gift::is_lacking(&one.body.task),
                _ => matches!(one.body.task, Task::Hotspot(_) | Task::Case { .. }),
            };
            prop_assert_eq!(seen.is_none(), lacks, "{:?}\n{}", plan.report.lines, bare);
            let Some(seen) = seen else { continue };
            prop_assert_eq!(seen.kind, one.kind);
            prop_assert_eq!((&seen.code, seen.level, seen.difficulty), (&one.code, one.level, one.difficulty));
            prop_assert_eq!(key(&seen.body.task), key(&one.body.task), "{}", bare);
        }
    }

    #[test]
    fn random_bytes_never_bring_a_reader_down(bytes in prop::collection::vec(any::<u8>(), 1..200), pick in 0..6_usize) {
        let _ = read(&bytes, Format::ALL[pick]);
        let _ = source(&bytes, None).map(|(_file, source)| source.read(&TypeCodes::new()).map(drop));
    }
}

/// Which answers are right.
fn key(task: &Task) -> String {
    match task {
        Task::Single { options } | Task::Multiple { options, .. } => {
            format!("{:?}", options.iter().map(|one| one.correct).collect::<Vec<_>>())
        }
        Task::TrueFalse { answer } => answer.to_string(),
        Task::Numeric(numeric) => format!("{} {}", numeric.value, numeric.also.len()),
        Task::Short(short) => short.accepted.len().to_string(),
        Task::Ordering { items, .. } => items.len().to_string(),
        Task::Matching(matching) => {
            format!("{} {}", matching.pairs.len(), matching.distractors.len())
        }
        _ => String::new(),
    }
}

fn single(stem: Text, options: [(Text, bool); 2]) -> Question {
    let option = |(text, correct)| Choice { text, correct, ..Choice::default() };
    let task = Task::Single { options: options.map(option).to_vec() };
    let mut body = Draft::new(String::new(), task, String::new()).body;
    body.stem = stem;
    body.area = Text::new("制动", "Brakes");
    Question {
        code: "br-1".into(),
        kind: body.task.kind(),
        area: "brakes".into(),
        level: Level::Diagnose,
        importance: Importance::Core,
        difficulty: Difficulty::Hard,
        body,
    }
}

#[test]
fn an_edited_export_says_what_was_edited_and_keeps_the_rest() {
    let options = [(Text::new("水", "Water"), true), (Text::new("油", "Oil"), false)];
    let one = single(Text::new("吸收什么？", "What does it take up?"), options);
    for format in [Format::Gift, Format::MoodleXml] {
        let file = String::from_utf8(write(std::slice::from_ref(&one), format, Lang::Zh)).unwrap();
        let edited = file.replace("吸收什么？", "制动液吸收什么？");
        let plan = read(edited.as_bytes(), format).unwrap();
        let seen = &plan.steps[0].question;
        assert_eq!(seen.body.stem, Text::new("制动液吸收什么？", ""));
        let Task::Single { options } = &seen.body.task else { panic!("{seen:?}") };
        assert_eq!(options[0].text, Text::new("水", "Water"), "its English stays");
        assert_eq!(
            (seen.level, seen.importance, seen.area.as_str()),
            (Level::Diagnose, Importance::Core, "brakes")
        );
    }
}

fn csv(text: &str) -> Plan {
    read(text.as_bytes(), Format::Csv).unwrap()
}

fn reasons(plan: &Plan) -> Vec<(u64, String)> {
    let refused = plan.report.lines.iter().filter(|line| !line.reasons.is_empty());
    refused.map(|line| (line.line, Text::list(&line.reasons).en)).collect()
}

#[test]
fn a_chinese_spreadsheet_is_read_as_people_write_it() {
    let file = "题库导入模板,,,,,,,,\n序号,题型,题干,选项A,选项B,选项C,答案,难度,知识点,解析,分值,出题人\n\
        1,单选题,下列哪项？,甲,乙,丙,B,简单,制动,因为,2,张三\n\
        2,多选,哪些？,甲,乙,丙,\"A,C\",3,制动,,1,\n\
        3,判断题,对吗？,,,,错误,中等,,,,\n\
        4,填空题,制动液吸收____。,,,,水|水分,,,,,\n\
        5,简答,说明。,,,,要点,,,,,\n";
    for bytes in [
        file.as_bytes().to_vec(),
        [b"\xef\xbb\xbf", file.as_bytes()].concat(),
        encoding_rs::GB18030.encode(file).0.into_owned(),
    ] {
        let plan = read(&bytes, Format::Csv).unwrap();
        let kinds: Vec<&str> = plan.steps.iter().map(|step| step.question.kind.word()).collect();
        assert_eq!(
            kinds,
            ["single", "multiple", "true-false", "short", "essay"],
            "{:?}",
            reasons(&plan)
        );
        let first = &plan.steps[0].question;
        assert_eq!(
            (first.difficulty, first.body.points, plan.steps[0].line),
            (Difficulty::Easy, 2, 3)
        );
        assert_eq!(plan.steps[1].question.difficulty, Difficulty::Hard);
        assert_eq!((plan.report.lang, plan.report.lang_guessed), (Lang::Zh, true));
        assert_eq!(plan.report.ignored_columns, ["出题人"]);
        assert_eq!(first.body.area.zh, "制动");
    }
}

#[test]
fn digits_in_the_column_of_types_are_asked_about() {
    let file = "题型,题干,选项1,选项2,答案\n1,甲？,x,y,1\n2,乙？,x,y,12\n1,丙？,x,y,2\n";
    let plan = csv(file);
    let asks: Vec<(&str, u64, u64)> =
        plan.report.asks.iter().map(|ask| (ask.word.as_str(), ask.rows, ask.first_line)).collect();
    assert_eq!(asks, [("1", 2, 2), ("2", 1, 3)]);
    assert!(!plan.report.can_be_done() && plan.steps.is_empty());
    use crate::exams::questions::QuestionKind::{Multiple, Single};
    let codes = TypeCodes::from([("1".to_owned(), Single), ("2".to_owned(), Multiple)]);
    let plan = read_with(file.as_bytes(), Format::Csv, &codes).unwrap();
    assert_eq!((plan.steps.len(), plan.report.asks.len()), (3, 0), "{:?}", reasons(&plan));
}

#[test]
fn mistakes_in_a_spreadsheet_have_their_lines() {
    let plan = csv(
        "type,stem,A,B,C,answer,difficulty,points\nsingle,Q1,x,y,,C,,\nsingle,Q2,x,,z,A,,\nsingle,Q3,x,y,,A,9,1.5\ntrue/false,Q4,,,,maybe,,\nsingle,,x,y,,A,,\n",
    );
    let told = reasons(&plan);
    let lines: Vec<u64> = told.iter().map(|(line, _)| *line).collect();
    assert_eq!(lines, [2, 3, 4, 5, 6], "{told:?}");
    for (at, words) in
        ["fits none", "option B is empty", "difficulty", "neither true nor false", "stem is empty"]
            .iter()
            .enumerate()
    {
        assert!(told[at].1.contains(words), "{:?}", told[at]);
    }
    assert!(told[2].1.contains("points"), "all that is wrong is told at once");
}

const PNG: &str = "iVBORw0KGgo=";

#[test]
fn moodle_xml_is_read_with_its_pictures() {
    let file = format!(
        r#"<?xml version="1.0"?><quiz>
<question type="category"><category><text>$course$/top/Brakes</text></category></question>
<question type="multichoice"><name><text>Disc</text></name>
<questiontext format="html"><text><![CDATA[<p>See <img src="@@PLUGINFILE@@/a%20b.png" alt="disc"></p>]]></text><file name="a b.png" path="/" encoding="base64">{PNG}</file></questiontext>
<defaultgrade>2.0</defaultgrade><single>true</single><shuffleanswers>0</shuffleanswers><idnumber>m-1</idnumber>
<answer fraction="100" format="html"><text>Worn</text><feedback format="html"><text>Yes</text></feedback></answer>
<answer fraction="0" format="html"><text>New</text></answer></question>
<question type="numerical"><name><text>N</text></name><questiontext format="html"><text>U?</text></questiontext>
<answer fraction="100"><text>12.50</text><tolerance>0.1</tolerance></answer>
<units><unit><multiplier>1</multiplier><unit_name>V</unit_name></unit></units></question>
<question type="matching"><name><text>M</text></name><questiontext format="html"><text>Match</text></questiontext>
<subquestion format="html"><text>U</text><answer><text>volt</text></answer></subquestion>
<subquestion format="html"><text>I</text><answer><text>ampere</text></answer></subquestion>
<subquestion format="html"><text></text><answer><text>ohm</text></answer></subquestion></question>
<question type="ordering"><name><text>O</text></name><questiontext format="html"><text>Order</text></questiontext>
<gradingtype>ALL_OR_NOTHING</gradingtype><answer fraction="1"><text>first</text></answer><answer fraction="1"><text>then</text></answer></question>
<question type="shortanswer"><name><text>S</text></name><questiontext format="html"><text>What?</text></questiontext><usecase>1</usecase>
<answer fraction="100"><text>CAN</text></answer></question>
<question type="essay"><name><text>E</text></name><questiontext format="html"><text>Why?</text></questiontext><graderinfo format="html"><text>&lt;b&gt;Points&lt;/b&gt;</text></graderinfo></question>
<question type="truefalse"><name><text>T</text></name><questiontext format="html"><text>So?</text></questiontext>
<answer fraction="0"><text>true</text></answer><answer fraction="100"><text>false</text></answer></question>
<question type="description"><name><text>D</text></name><questiontext format="html"><text>Words</text></questiontext></question>
<question type="cloze"><name><text>C</text></name><questiontext format="html"><text>x</text></questiontext></question>
<question type="multichoice"><name><text>X</text></name><questiontext format="html"><text><![CDATA[<img src="@@PLUGINFILE@@/gone.png">]]></text></questiontext>
<answer fraction="100"><text>a</text></answer><answer fraction="0"><text>b</text></answer></question>
</quiz>"#
    );
    let plan = read(file.as_bytes(), Format::MoodleXml).unwrap();
    let kinds: Vec<&str> = plan.steps.iter().map(|step| step.question.kind.word()).collect();
    assert_eq!(
        kinds,
        ["single", "numeric", "matching", "ordering", "short", "essay", "true-false"],
        "{:?}",
        reasons(&plan)
    );
    let first = &plan.steps[0].question;
    assert_eq!((first.code.as_str(), first.body.points, first.body.fixed_order), ("m-1", 2, true));
    let digest = plan.pictures.keys().next().expect("the picture");
    assert_eq!(first.body.stem.en, format!("See ![disc](/exams/files/{digest})"));
    let Task::Numeric(numeric) = &plan.steps[1].question.body.task else { panic!("a number") };
    assert_eq!((numeric.value.as_str(), numeric.unit.as_str()), ("12.5", "V"));
    let told = reasons(&plan);
    assert!(
        told.iter().any(|(_, why)| why.contains("cloze"))
            && told.iter().any(|(_, why)| why.contains("gone.png")),
        "{told:?}"
    );
    assert_eq!((plan.report.skipped, plan.report.refused), (1, 2));
}

fn qti(declared: &str, body: &str, processing: &str) -> Result<Question, String> {
    let file = format!(
        "<assessmentItem xmlns=\"http://www.imsglobal.org/xsd/imsqti_v2p1\" identifier=\"i1\" title=\"T\" adaptive=\"false\">{declared}<itemBody>{body}</itemBody>{processing}</assessmentItem>"
    );
    let mut plan = read(file.as_bytes(), Format::Qti).map_err(|refusal| refusal.0.en)?;
    match plan.steps.pop() {
        Some(step) => Ok(step.question),
        None => Err(reasons(&plan).remove(0).1),
    }
}

const MATCH: &str = "<responseProcessing template=\"http://www.imsglobal.org/question/qti_v2p1/rptemplates/match_correct\"/>";

#[test]
fn qti_items_are_read_or_refused_by_name() {
    let declared = |kind: &str, cardinality: &str, values: &[&str]| {
        let values: String = values.iter().map(|value| format!("<value>{value}</value>")).collect();
        format!(
            "<responseDeclaration identifier=\"R\" cardinality=\"{cardinality}\" baseType=\"{kind}\"><correctResponse>{values}</correctResponse></responseDeclaration>"
        )
    };
    let options = "<simpleChoice identifier=\"A\">x<feedbackInline outcomeIdentifier=\"F\" identifier=\"A\">Yes</feedbackInline></simpleChoice><simpleChoice identifier=\"B\">y</simpleChoice>";
    let choice = format!(
        "<p>Look</p><choiceInteraction responseIdentifier=\"R\" shuffle=\"false\" maxChoices=\"1\"><prompt>Which?</prompt>{options}</choiceInteraction>"
    );
    let one = qti(&declared("identifier", "single", &["A"]), &choice, MATCH).unwrap();
    assert_eq!(
        (one.body.stem.en.as_str(), one.body.fixed_order, one.code.as_str()),
        ("Look\n\nWhich?", true, "i1")
    );
    let Task::Single { options: read } = &one.body.task else { panic!("{one:?}") };
    assert_eq!(
        (read[0].text.en.as_str(), read[0].feedback.en.as_str(), read[0].correct),
        ("x", "Yes", true)
    );
    let entry = "<p>U is <textEntryInteraction responseIdentifier=\"R\"/> V</p>";
    let number = qti(&declared("float", "single", &["12.5"]), entry, MATCH).unwrap();
    assert_eq!((number.kind.word(), number.body.stem.en.as_str()), ("numeric", "U is _____ V"));
    assert_eq!(
        qti(&declared("string", "single", &["CAN"]), entry, MATCH).unwrap().kind.word(),
        "short"
    );
    let order = format!("<orderInteraction responseIdentifier=\"R\">{options}</orderInteraction>");
    assert_eq!(
        qti(
            &declared("identifier", "ordered", &["B", "A"]),
            &format!("<p>Order</p>{order}"),
            MATCH
        )
        .unwrap()
        .kind
        .word(),
        "ordering"
    );
    for (declared, body, why) in [
        (declared("identifier", "single", &[]), choice.clone(), "no right answer"),
        (
            declared("integer", "single", &["1"]),
            "<p>x</p><sliderInteraction responseIdentifier=\"R\"/>".into(),
            "sliderInteraction",
        ),
        (declared("string", "single", &["1"]), format!("{entry}{entry}"), "several interactions"),
        (declared("string", "single", &["1"]), format!("{entry}<math/>"), "<math>"),
        (
            declared("identifier", "single", &["A"]),
            format!("<img src='x.png'/>{choice}"),
            "not in the file",
        ),
    ] {
        let refused = qti(&declared, &body, MATCH).unwrap_err();
        assert!(refused.contains(why), "{why}: {refused}");
    }
}

#[test]
fn files_that_would_harm_are_refused_at_once() {
    let refused = |bytes: &[u8], format| match read(bytes, format) {
        Err(Refusal(why)) => why.en,
        Ok(plan) => reasons(&plan).remove(0).1,
    };
    let options = format!("Q{{=a {}}}", "~x ".repeat(130_000));
    assert!(refused(options.as_bytes(), Format::Gift).contains("options"));
    assert!(refused(&vec![b'x'; 10 << 20], Format::Gift).contains("characters"));
    let line = format!("stem,answer\n{},x\n", "y".repeat(10 << 20));
    assert!(refused(line.as_bytes(), Format::Csv).contains("characters"));
    assert!(refused(b"ok\nbut\0not", Format::Gift).contains("line 2"));
    assert!(refused(b"stem\n\xff\xfe\xff,\x81\x20", Format::Aiken).len() > 10);
    assert!(refused(&vec![b'x'; (20 << 20) + 1], Format::Gift).contains("20 MB"));
    let bomb = "<!DOCTYPE q [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;\">]><quiz>&b;</quiz>";
    assert!(refused(bomb.as_bytes(), Format::MoodleXml).contains("entities"));
    assert!(
        refused(format!("<quiz>{}", "<a>".repeat(100_000)).as_bytes(), Format::MoodleXml)
            .contains("nested")
    );
    assert!(refused(b"PK\x03\x04 nothing", Format::Qti).contains("broken"));
    let mut packed = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    packed.start_file("item.xml", zip::write::SimpleFileOptions::default()).unwrap();
    for _ in 0..61 {
        packed.write_all(&vec![b' '; 1 << 20]).unwrap();
    }
    let bytes = packed.finish().unwrap().into_inner();
    assert!(refused(&bytes, Format::Qti).contains("unpacks"));
    assert!(refused(&bytes, Format::Xlsx).contains("unpacks"));
}

#[test]
fn a_file_says_itself_what_it_is() {
    for (bytes, format) in [
        (&b"Q {=a ~b}"[..], Format::Gift),
        (b"Q\nA) x\nB) y\nANSWER: A", Format::Aiken),
        (b"<?xml version=\"1.0\"?><quiz></quiz>", Format::MoodleXml),
        (b"<assessmentItem/>", Format::Qti),
        ("题干,答案\n甲,对\n".as_bytes(), Format::Csv),
    ] {
        assert_eq!(source(bytes, None).unwrap().1.format, format);
    }
    let sheet = to_sheet::template(Lang::Zh).unwrap();
    let (_file, source) = source(&sheet, None).unwrap();
    assert_eq!(source.format, Format::Xlsx);
    let reading = source.read(&TypeCodes::new()).unwrap();
    assert!(
        reading.entries.iter().all(|entry| matches!(entry.outcome, Outcome::Read(_))),
        "{reading:?}"
    );
}
