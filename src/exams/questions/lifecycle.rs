//! The life of a version: which step is allowed, to whom, and why not. Pure.
//!
//! draft → reviewed → pilot (asked unscored) → live → retired or compromised. What was written is
//! never overwritten: whoever edits adds a version, which starts as a draft while the version in
//! use goes on being drawn.

use super::model::Stage;
use crate::{i18n::Text, record::PersonId, text};

crate::words! {
    /// What an author or a reviewer does with a version.
    Step {
        Review = "review",
        SendBack = "send-back",
        Pilot = "pilot",
        Release = "release",
        Retire = "retire",
        Compromise = "compromise",
        Reopen = "reopen",
    }
}

/// Where a version stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    pub stage: Stage,
    /// Nobody, when it came with a file.
    pub author: Option<PersonId>,
    /// There is no later version.
    pub newest: bool,
}

impl Step {
    pub fn title(self) -> Text {
        match self {
            Step::Review => text!("审核通过", "Approve"),
            Step::SendBack => text!("退回修改", "Send back"),
            Step::Pilot => text!("开始试测", "Pilot"),
            Step::Release => text!("启用", "Make live"),
            Step::Retire => text!("停用", "Retire"),
            Step::Compromise => text!("标为泄题", "Mark as compromised"),
            Step::Reopen => text!("重新启用流程", "Reopen as a draft"),
        }
    }

    /// What follows from it, told before it is done.
    pub fn meaning(self) -> Text {
        match self {
            Step::Review => text!(
                "您确认题干、答案和分值正确，中英文一致。",
                "You confirm that wording, key and points are right and both languages agree."
            ),
            Step::SendBack => {
                text!(
                    "作者会在题目历史中看到您的意见。",
                    "The author reads your remarks in the history."
                )
            }
            Step::Pilot => text!(
                "会出现在试卷上但不计分，用来收集数据。",
                "It is asked on papers without counting, to collect figures."
            ),
            Step::Release => text!(
                "从现在起可以抽到并计分；本题较早的版本停用。",
                "It is drawn and counts from now on; earlier versions of it retire."
            ),
            Step::Retire => text!(
                "不再抽到；已有试卷和成绩不变。",
                "It is drawn no more; papers and results stay as they are."
            ),
            Step::Compromise => text!(
                "题目已外泄：不再抽到，也不能恢复使用，只能改写成新版本。",
                "It has leaked: it is drawn no more and cannot come back, only be rewritten as a new version."
            ),
            Step::Reopen => {
                text!("回到草稿，须重新审核。", "It becomes a draft and has to be reviewed again.")
            }
        }
    }

    /// The stage it leads to.
    pub fn leads_to(self) -> Stage {
        match self {
            Step::Review => Stage::Reviewed,
            Step::SendBack | Step::Reopen => Stage::Draft,
            Step::Pilot => Stage::Pilot,
            Step::Release => Stage::Live,
            Step::Retire => Stage::Retired,
            Step::Compromise => Stage::Compromised,
        }
    }

    /// Whether it has to be said why. Skipping the pilot has to be justified, too.
    pub fn needs_reason(self, from: Stage) -> bool {
        match self {
            Step::SendBack | Step::Retire | Step::Compromise | Step::Reopen => true,
            Step::Release => from == Stage::Reviewed,
            Step::Review | Step::Pilot => false,
        }
    }

    fn starts_from(self) -> &'static [Stage] {
        use Stage::{Draft, Live, Pilot, Retired, Reviewed};
        match self {
            Step::Review => &[Draft],
            Step::SendBack => &[Draft, Reviewed],
            Step::Pilot => &[Reviewed],
            Step::Release => &[Reviewed, Pilot],
            Step::Retire => &[Draft, Reviewed, Pilot, Live],
            Step::Compromise => &[Pilot, Live, Retired],
            Step::Reopen => &[Retired],
        }
    }

    /// Judging somebody's work is for somebody else.
    fn judges(self) -> bool {
        matches!(self, Step::Review)
    }
}

/// Whether this person may take the step; if not, why, and what to do about it.
pub fn allowed(step: Step, standing: Standing, by: PersonId) -> Result<(), Text> {
    let (stage, act) = (standing.stage.title(), step.title());
    if !step.starts_from().contains(&standing.stage) {
        let (stage_zh, stage_en) = (stage.zh, stage.en.to_lowercase());
        let (act_zh, act_en) = (act.zh, act.en);
        return Err(text!(
            "这个版本现在是“{stage_zh}”，不能“{act_zh}”。请刷新页面，看看现在可以做什么。",
            "This version is {stage_en} now; “{act_en}” is not possible. Reload the page to see what is."
        ));
    }
    let ends = matches!(step, Step::Retire | Step::Compromise);
    if !standing.newest && !ends {
        return Err(text!(
            "已经有更新的版本，请处理最新的版本。",
            "There is a later version. Go on with that one."
        ));
    }
    if step.judges() && standing.author == Some(by) {
        return Err(text!(
            "不能审核自己写的版本，请由另一位出题人或考评员审核。",
            "Nobody reviews what they wrote themselves. Ask another trainer or examiner."
        ));
    }
    Ok(())
}

/// The steps this person may take now.
pub fn open_steps(standing: Standing, by: PersonId) -> Vec<Step> {
    let steps = Step::ALL.iter().copied();
    steps.filter(|step| allowed(*step, standing, by).is_ok()).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const AUTHOR: PersonId = PersonId(1);
    const OTHER: PersonId = PersonId(2);

    fn standing(stage: Stage) -> Standing {
        Standing { stage, author: Some(AUTHOR), newest: true }
    }

    #[test]
    fn each_stage_has_its_steps_for_the_author_and_for_others() {
        use Stage::*;
        let table: [(Stage, &str, &str); 6] = [
            (Draft, "send-back retire", "review send-back retire"),
            (Reviewed, "send-back pilot release retire", "send-back pilot release retire"),
            (Pilot, "release retire compromise", "release retire compromise"),
            (Live, "retire compromise", "retire compromise"),
            (Retired, "compromise reopen", "compromise reopen"),
            (Compromised, "", ""),
        ];
        let words = |stage, by| {
            let steps = open_steps(standing(stage), by);
            steps.into_iter().map(Step::word).collect::<Vec<_>>().join(" ")
        };
        for (stage, author, other) in table {
            assert_eq!(
                (words(stage, AUTHOR).as_str(), words(stage, OTHER).as_str()),
                (author, other),
                "{stage:?}"
            );
        }
    }

    #[test]
    fn an_earlier_version_can_only_end() {
        for stage in Stage::ALL {
            let earlier = Standing { newest: false, ..standing(*stage) };
            for step in open_steps(earlier, OTHER) {
                assert!(!step.leads_to().is_drawn() && step != Step::Review, "{stage:?} {step:?}");
            }
        }
    }

    #[test]
    fn the_reason_names_the_rule() {
        let why = |step, stage, by| allowed(step, standing(stage), by).unwrap_err().en;
        assert!(why(Step::Review, Stage::Draft, AUTHOR).contains("wrote themselves"));
        assert!(why(Step::Release, Stage::Draft, OTHER).contains("This version is draft"));
        assert!(why(Step::Reopen, Stage::Compromised, OTHER).contains("compromised"));
        let file = Standing { author: None, ..standing(Stage::Draft) };
        assert_eq!(
            allowed(Step::Review, file, AUTHOR),
            Ok(()),
            "a file's version has no author here"
        );
    }

    #[test]
    fn skipping_the_pilot_and_every_end_need_a_reason() {
        assert!(Step::Release.needs_reason(Stage::Reviewed));
        assert!(!Step::Release.needs_reason(Stage::Pilot));
        assert!(
            Step::Retire.needs_reason(Stage::Live) && Step::Compromise.needs_reason(Stage::Live)
        );
    }

    proptest! {
        /// Whatever steps are taken: nothing is drawn that nobody but its author has looked at,
        /// and what has leaked never comes back.
        #[test]
        fn no_way_leads_past_the_review(taken in prop::collection::vec((0..Step::ALL.len(), any::<bool>()), 0..30)) {
            let (mut stage, mut reviewed, mut leaked) = (Stage::Draft, false, false);
            for (step, by_author) in taken {
                let (step, by) = (Step::ALL[step], if by_author { AUTHOR } else { OTHER });
                if allowed(step, standing(stage), by).is_err() {
                    continue;
                }
                stage = step.leads_to();
                reviewed = match step {
                    Step::Review => by != AUTHOR,
                    Step::SendBack | Step::Reopen => false,
                    _ => reviewed,
                };
                leaked |= step == Step::Compromise;
                prop_assert!(!stage.is_drawn() || reviewed);
                prop_assert!(!leaked || stage == Stage::Compromised);
            }
        }
    }
}
