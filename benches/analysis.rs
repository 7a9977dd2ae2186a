//! What it costs to measure an exam: 2,000 papers of fifty questions read, marked and computed
//! when asked, beside a bare scan of the same answers on the same connection.
//!
//! `cargo bench --bench analysis`

#[path = "support/databases.rs"]
mod databases;
#[path = "support/measure.rs"]
mod measure;

use std::{hint::black_box, time::Instant};

use diesel::prelude::*;
use measure::{ROUNDS, Rates, print_head};
use shifu::{
    app::Shared,
    db::{
        Conn, Error,
        schema::{answer, attempt, attempt_question},
    },
    exams::{
        analysis::{figures::ExamFigures, queries},
        attempts::{
            model::{Answer, AttemptResult, Cause, EndedBy},
            queries::{self as attempts, NewAttempt},
        },
        blueprints::draw::Drawn,
        questions::{
            bank::{self, Live},
            scoring::letter,
        },
        rules::Offer,
    },
    i18n::Lang,
    record::{PersonId, ledger::Stamp},
    settings::Settings,
    staff::transfers::{self, NewPerson},
    web::Clock,
};

const PAPERS: i64 = 2_000;
const QUESTIONS: usize = 50;
const EXAM: &str = "inhouse-default/brake-theory";

fn main() {
    print_head("papers measured");
    let (databases, _folder) = databases::databases();
    for (name, url) in databases {
        let settings = Settings { database_url: url, ..Settings::default() };
        let shared = Shared::open(&settings, Clock::default()).expect("the application starts");
        let live = shared.clone();
        shared.db.write_blocking(move |conn| sit(conn, &live)).expect("papers");
        let (mut probe, mut rates) = (Rates::default(), Rates::default());
        for _ in 0..ROUNDS {
            let begun = Instant::now();
            let rows = shared.db.read_blocking(scan).expect("a scan");
            assert_eq!(rows, PAPERS as usize * QUESTIONS);
            probe.add(PAPERS as usize, begun.elapsed());
            let begun = Instant::now();
            let measured = shared.db.read_blocking(measure).expect("figures");
            assert_eq!(black_box(measured), PAPERS as usize);
            rates.add(PAPERS as usize, begun.elapsed());
        }
        probe.print(&format!("{name}: probe, a bare scan"), PAPERS as usize, &probe);
        rates.print(&format!("{name}: every figure of the exam"), PAPERS as usize, &probe);
    }
}

/// Every answer as text, and nothing done with it.
fn scan(conn: &mut Conn) -> Result<usize, Error> {
    let rows: Vec<(i64, i64, String, Option<String>)> = attempt_question::table
        .inner_join(attempt::table)
        .left_join(
            answer::table.on(answer::attempt_id
                .eq(attempt_question::attempt_id)
                .and(answer::position.eq(attempt_question::position))),
        )
        .filter(attempt::exam.eq(EXAM))
        .select((
            attempt_question::attempt_id,
            attempt_question::position,
            attempt_question::option_order,
            answer::response.nullable(),
        ))
        .load(conn)?;
    Ok(black_box(rows).len())
}

/// What the page of the exam shows, short of its HTML.
fn measure(conn: &mut Conn) -> Result<usize, Error> {
    let papers = queries::papers(conn, EXAM, None, PAPERS)?;
    let whole = ExamFigures::of(&papers.sheets);
    let lines = papers.lines(|_| Default::default());
    let judged = lines.iter().filter(|line| line.figures.discrimination.is_some()).count();
    assert!(whole.reliability.is_some() && judged > 0);
    Ok(whole.n)
}

/// Two thousand papers with answers, finished; the questions are those of all banks.
fn sit(conn: &mut Conn, shared: &Shared) -> Result<(), Error> {
    let offer = Offer::find(&shared.rules, EXAM).expect("the brake exam");
    let mut live: Vec<Live> = Vec::new();
    for code in ["brake-systems", "hv-safety", "service-basics"] {
        live.extend(bank::live(conn, code)?.into_iter().filter(|one| one.places.len() == 1));
    }
    let person = somebody(conn, shared)?;
    for number in 0..PAPERS {
        let drawn: Vec<Drawn> = (0..QUESTIONS)
            .map(|at| lay_out(&live[(number as usize * 7 + at) % live.len()], number as usize + at))
            .collect();
        let at = shared.clock.now().plus(-chrono::Duration::hours(number + 1));
        let new = NewAttempt {
            person,
            exam: EXAM,
            content: shared.rules.revision(offer.set),
            seed: number,
            pass_score: offer.pass_score(),
            started_at: at,
            hand_in_by: at.plus(chrono::Duration::minutes(30)),
            blueprint: None,
            sitting: None,
        };
        let id = attempts::add(conn, &new, &drawn)?;
        for (position, one) in (1..).zip(&drawn) {
            let able = (number * 37 % PAPERS) as usize;
            let shown = (able + position as usize * 11) % one.order.len().max(2);
            let response = if one.order.is_empty() { "true".into() } else { letter(shown) };
            attempts::put_answer(
                conn,
                id,
                position,
                &Answer { response, edition: 1, saved_at: at },
            )?;
        }
        attempts::close(conn, id, at)?;
        attempts::add_result(
            conn,
            &AttemptResult {
                attempt_id: id,
                ended_by: EndedBy::Candidate,
                points: number % 50,
                points_max: 50,
                passed: number % 50 >= 30,
                by_area: "[]".into(),
                cause: Cause::Finish,
                graded_at: at,
                released_at: Some(at),
                released_by: None,
                fact_id: None,
            },
        )?;
    }
    Ok(())
}

fn somebody(conn: &mut Conn, shared: &Shared) -> Result<PersonId, Error> {
    let new = NewPerson {
        staff_no: "T0001",
        name: "林涛",
        name_en: None,
        email: None,
        phone: None,
        lang: Lang::Zh,
    };
    transfers::add_person(conn, &new, Stamp { at: shared.clock.now(), by: None })
}

fn lay_out(one: &Live, turn: usize) -> Drawn {
    let place = one.places[0];
    let mut order: Vec<usize> = (0..place.options).collect();
    order.rotate_left(turn % place.options.max(1));
    Drawn {
        version: one.version,
        part: 0,
        kind: place.kind,
        order,
        weight: place.points,
        scored: !one.pilot,
        block: 0,
    }
}
