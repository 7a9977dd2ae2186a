//! A JSON-LD document as statements, by a vocabulary that is compiled in.
//!
//! A general reader loads the contexts a document names and follows their rules. Ours knows the
//! contexts it is for by their address and what each word in them means, which is all that is
//! needed for documents we made ourselves. Whatever it does not know is an error, never left out.

use serde_json::{Map, Value};

use super::{
    Error,
    rdf::{Statement, Term},
};

/// What a word means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// A property whose value is a string, or an object.
    Plain(&'static str),
    /// A property whose value is a thing: an object, or a string that names one.
    Thing(&'static str),
    /// A property whose value is of a datatype.
    Typed(&'static str, &'static str),
    /// A property whose value is a word of the vocabulary itself.
    Word(&'static str),
    /// A class, in `type`, or a word for [`Meaning::Word`].
    Name(&'static str),
}

/// The contexts of a document and what their words mean.
#[derive(Clone, Copy, Debug)]
pub struct Vocabulary {
    /// The addresses that `@context` must list, in this order.
    pub contexts: &'static [&'static str],
    pub words: &'static [(&'static str, Meaning)],
}

const RDF_TYPE: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type";
const XSD_BOOLEAN: &str = "http://www.w3.org/2001/XMLSchema#boolean";
const XSD_INTEGER: &str = "http://www.w3.org/2001/XMLSchema#integer";
/// Deeper than any document of ours.
const DEEPEST: usize = 16;

impl Vocabulary {
    fn meaning(&self, word: &str) -> Result<Meaning, Error> {
        let found = self.words.iter().find(|(known, _)| *known == word);
        found.map(|(_, meaning)| *meaning).ok_or_else(|| unknown(word))
    }

    /// The statements a document makes. Its `proof` is not among them.
    pub fn statements(&self, document: &Value) -> Result<Vec<Statement>, Error> {
        let Some(object) = document.as_object() else {
            return Err(Error::Document("it is no object".to_owned()));
        };
        let contexts: Option<Vec<&str>> = match object.get("@context") {
            Some(Value::Array(listed)) => listed.iter().map(Value::as_str).collect(),
            Some(Value::String(one)) => Some(vec![one]),
            _ => None,
        };
        if contexts.as_deref() != Some(self.contexts) {
            return Err(Error::Document("its @context is not the one it should be".to_owned()));
        }
        self.expand(object, &["@context", "proof"])
    }

    /// The statements of an object without a context of its own.
    pub(super) fn statements_of(
        &self,
        object: &Map<String, Value>,
    ) -> Result<Vec<Statement>, Error> {
        self.expand(object, &[])
    }

    fn expand(
        &self,
        object: &Map<String, Value>,
        outside: &'static [&'static str],
    ) -> Result<Vec<Statement>, Error> {
        let statements = Vec::new();
        let mut expansion = Expansion { vocabulary: self, outside, statements, blanks: 0 };
        expansion.thing(object, 0)?;
        Ok(expansion.statements)
    }
}

fn unknown(word: &str) -> Error {
    Error::Document(format!("its word `{word}` is not known"))
}

struct Expansion<'a> {
    vocabulary: &'a Vocabulary,
    /// Members of the outermost object that say nothing about it.
    outside: &'static [&'static str],
    statements: Vec<Statement>,
    blanks: usize,
}

impl Expansion<'_> {
    /// States everything an object says and returns what it is about.
    fn thing(&mut self, object: &Map<String, Value>, depth: usize) -> Result<Term, Error> {
        if depth > DEEPEST {
            return Err(Error::Document("it is nested too deeply".to_owned()));
        }
        let subject = match object.get("id") {
            Some(Value::String(id)) => iri(id)?,
            Some(_) => return Err(Error::Document("an id is no string".to_owned())),
            None => {
                self.blanks += 1;
                Term::Blank(self.blanks)
            }
        };
        for (word, value) in object {
            match word.as_str() {
                "id" => {}
                word if depth == 0 && self.outside.contains(&word) => {}
                "type" => self.types(&subject, value)?,
                word => {
                    let meaning = self.vocabulary.meaning(word)?;
                    self.values(&subject, word, meaning, value, depth)?;
                }
            }
        }
        Ok(subject)
    }

    fn types(&mut self, subject: &Term, value: &Value) -> Result<(), Error> {
        for class in each(value) {
            let word = class.as_str().ok_or_else(|| unknown("type"))?;
            let Meaning::Name(class) = self.vocabulary.meaning(word)? else {
                return Err(unknown(word));
            };
            self.state(subject, RDF_TYPE, Term::Iri(class.to_owned()));
        }
        Ok(())
    }

    fn values(
        &mut self,
        subject: &Term,
        word: &str,
        meaning: Meaning,
        value: &Value,
        depth: usize,
    ) -> Result<(), Error> {
        let (predicate, datatype) = match meaning {
            Meaning::Plain(iri) | Meaning::Thing(iri) | Meaning::Word(iri) => (iri, None),
            Meaning::Typed(iri, datatype) => (iri, Some(datatype)),
            Meaning::Name(_) => return Err(unknown(word)),
        };
        let literal = |value: String, otherwise: Option<&str>| {
            Term::Literal(value, datatype.or(otherwise).map(str::to_owned))
        };
        for value in each(value) {
            let object = match (value, meaning) {
                (Value::Object(object), _) => self.thing(object, depth + 1)?,
                (Value::String(name), Meaning::Thing(_)) => iri(name)?,
                (Value::String(name), Meaning::Word(_)) => match self.vocabulary.meaning(name)? {
                    Meaning::Name(meant) => Term::Iri(meant.to_owned()),
                    _ => return Err(unknown(name)),
                },
                (Value::String(text), _) => literal(text.clone(), None),
                (Value::Bool(yes), _) => literal(yes.to_string(), Some(XSD_BOOLEAN)),
                (Value::Number(number), _) if number.is_i64() => {
                    literal(number.to_string(), Some(XSD_INTEGER))
                }
                _ => return Err(Error::Document(format!("the value of `{word}` has no form"))),
            };
            self.state(subject, predicate, object);
        }
        Ok(())
    }

    fn state(&mut self, subject: &Term, predicate: &str, object: Term) {
        let (subject, predicate) = (subject.clone(), predicate.to_owned());
        self.statements.push(Statement { subject, predicate, object });
    }
}

fn each(value: &Value) -> &[Value] {
    match value {
        Value::Array(values) => values,
        one => std::slice::from_ref(one),
    }
}

/// A name that is whole by itself: a relative one would mean something else elsewhere.
fn iri(name: &str) -> Result<Term, Error> {
    let scheme = name.split_once(':').map(|(scheme, _)| scheme);
    let whole = scheme.is_some_and(|scheme| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
    });
    let clean = !name.chars().any(|c| c <= ' ' || "<>\"{}|^`\\".contains(c));
    if whole && clean {
        Ok(Term::Iri(name.to_owned()))
    } else {
        Err(Error::Document(format!("`{name}` is no whole address")))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::signing::rdf;

    const WORDS: Vocabulary = Vocabulary {
        contexts: &["https://x.test/v1"],
        words: &[
            ("Thing", Meaning::Name("u:Thing")),
            ("name", Meaning::Plain("u:name")),
            ("part", Meaning::Thing("u:part")),
            ("on", Meaning::Typed("u:on", "u:day")),
        ],
    };

    fn form(document: Value) -> Result<String, Error> {
        rdf::canonical(&WORDS.statements(&document)?)
    }

    #[test]
    fn a_document_says_what_its_words_mean() {
        let document = json!({
            "@context": ["https://x.test/v1"], "id": "u:1", "type": ["Thing"], "name": ["a", "b"],
            "on": "2026-01-01", "part": [{ "name": "inner" }, "u:2"], "proof": { "unknown": 1 }
        });
        assert_eq!(
            form(document).unwrap(),
            "<u:1> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <u:Thing> .\n\
             <u:1> <u:name> \"a\" .\n<u:1> <u:name> \"b\" .\n\
             <u:1> <u:on> \"2026-01-01\"^^<u:day> .\n<u:1> <u:part> <u:2> .\n\
             <u:1> <u:part> _:c14n0 .\n_:c14n0 <u:name> \"inner\" .\n"
        );
    }

    #[test]
    fn nothing_is_left_out_silently() {
        let with = |word: &str, value: Value| {
            let mut document = json!({ "@context": "https://x.test/v1", "id": "u:1" });
            document[word] = value;
            form(document)
        };
        assert!(with("name", json!("a")).is_ok());
        for (word, value) in [
            ("nickname", json!("a")),
            ("type", json!("Person")),
            ("type", json!("name")),
            ("Thing", json!("a")),
            ("name", json!(null)),
            ("name", json!(1.5)),
            ("part", json!("relative")),
            ("part", json!({ "proof": "inside" })),
            ("part", json!({ "@context": "https://x.test/v1" })),
            ("id", json!(7)),
            ("id", json!("u:a b")),
            ("@context", json!("https://x.test/v2")),
            ("@context", json!(["https://x.test/v1", "https://x.test/more"])),
            ("name", json!([["a"]])),
        ] {
            assert!(with(word, value.clone()).is_err(), "{word}: {value}");
        }
    }
}
