//! Statements, and the one form in which all who know them write them down (RDFC-1.0).

use std::{collections::BTreeMap, fmt::Write};

use super::{Error, encoding};

/// What a statement is about, or says.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Term {
    Iri(String),
    /// A thing without a name; the number is ours alone.
    Blank(usize),
    /// A value; without a datatype it is a plain string.
    Literal(String, Option<String>),
}

/// A statement of the default graph.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Statement {
    pub subject: Term,
    pub predicate: String,
    pub object: Term,
}

/// The canonical N-Quads of these statements.
///
/// Things without a name are numbered by what is said about them directly (the *first degree* of
/// RDFC-1.0). Where two of them cannot be told apart so, the standard goes on to paths between
/// them, which is costly and which none of our documents needs: those are refused.
pub fn canonical(statements: &[Statement]) -> Result<String, Error> {
    let names = canonical_names(statements)?;
    let name = |blank: usize| names.get(&blank).cloned().unwrap_or_default();
    let mut lines: Vec<String> = statements.iter().map(|one| line(one, &name)).collect();
    lines.sort();
    lines.dedup();
    Ok(lines.concat())
}

fn canonical_names(statements: &[Statement]) -> Result<BTreeMap<usize, String>, Error> {
    let mut about: BTreeMap<usize, Vec<&Statement>> = BTreeMap::new();
    for statement in statements {
        for term in [&statement.subject, &statement.object] {
            if let Term::Blank(blank) = term {
                about.entry(*blank).or_default().push(statement);
            }
        }
    }
    let mut by_hash: BTreeMap<String, usize> = BTreeMap::new();
    for (blank, said) in about {
        let own = |other| if other == blank { "a".to_owned() } else { "z".to_owned() };
        let mut lines: Vec<String> = said.into_iter().map(|one| line(one, &own)).collect();
        lines.sort();
        lines.dedup();
        let hash = encoding::hex(&encoding::sha256(lines.concat().as_bytes()));
        if by_hash.insert(hash, blank).is_some() {
            return Err(Error::Document(
                "two parts without an id cannot be told apart; give them ids".to_owned(),
            ));
        }
    }
    let numbered = by_hash.into_values().enumerate();
    Ok(numbered.map(|(number, blank)| (blank, format!("c14n{number}"))).collect())
}

fn line(statement: &Statement, name: &dyn Fn(usize) -> String) -> String {
    let Statement { subject, predicate, object } = statement;
    let mut line = String::new();
    write_term(&mut line, subject, name);
    // A string takes whatever is written into it.
    let _ = write!(line, " <{predicate}> ");
    write_term(&mut line, object, name);
    line.push_str(" .\n");
    line
}

fn write_term(line: &mut String, term: &Term, name: &dyn Fn(usize) -> String) {
    match term {
        Term::Iri(iri) => _ = write!(line, "<{iri}>"),
        Term::Blank(blank) => _ = write!(line, "_:{}", name(*blank)),
        Term::Literal(value, datatype) => {
            line.push('"');
            value.chars().for_each(|letter| write_letter(line, letter));
            line.push('"');
            if let Some(datatype) = datatype {
                let _ = write!(line, "^^<{datatype}>");
            }
        }
    }
}

fn write_letter(line: &mut String, letter: char) {
    match letter {
        '\u{8}' => line.push_str("\\b"),
        '\t' => line.push_str("\\t"),
        '\n' => line.push_str("\\n"),
        '\u{c}' => line.push_str("\\f"),
        '\r' => line.push_str("\\r"),
        '"' => line.push_str("\\\""),
        '\\' => line.push_str("\\\\"),
        '\0'..='\u{1f}' | '\u{7f}' => _ = write!(line, "\\u{:04X}", u32::from(letter)),
        letter => line.push(letter),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn says(subject: Term, predicate: &str, object: Term) -> Statement {
        Statement { subject, predicate: predicate.to_owned(), object }
    }

    fn plain(value: &str) -> Term {
        Term::Literal(value.to_owned(), None)
    }

    #[test]
    fn order_and_our_own_numbers_do_not_matter() {
        let two = |a, b| {
            vec![
                says(Term::Blank(a), "u:name", plain("x")),
                says(Term::Blank(b), "u:name", plain("y")),
                says(Term::Iri("u:it".into()), "u:has", Term::Blank(a)),
                says(Term::Iri("u:it".into()), "u:has", Term::Blank(b)),
            ]
        };
        let form = canonical(&two(0, 1)).unwrap();
        let mut other = two(9, 4);
        other.reverse();
        other.push(other[0].clone());
        assert_eq!(canonical(&other).unwrap(), form);
        assert_eq!(form.lines().count(), 4);
        assert!(form.contains("_:c14n0 <u:name>") && form.contains("_:c14n1 <u:name>"), "{form}");
    }

    #[test]
    fn what_cannot_be_told_apart_is_refused() {
        let twins = [
            says(Term::Blank(0), "u:knows", Term::Blank(1)),
            says(Term::Blank(1), "u:knows", Term::Blank(0)),
        ];
        assert!(matches!(canonical(&twins), Err(Error::Document(_))));
    }

    #[test]
    fn letters_are_escaped_as_the_standard_says() {
        let said =
            says(Term::Iri("u:a".into()), "u:p", plain("\"\\\n\t\r\u{8}\u{c}\u{1}\u{7f}龘𠮷"));
        let form = canonical(&[said]).unwrap();
        assert_eq!(form, "<u:a> <u:p> \"\\\"\\\\\\n\\t\\r\\b\\f\\u0001\\u007F龘𠮷\" .\n");
    }
}
