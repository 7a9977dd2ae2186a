//! Column types of our own: newtype ids, closed word lists and instants.
//!
//! Each works on both databases with the same declaration.

use std::fmt;

use chrono::{DateTime, NaiveDateTime, SubsecRound, Utc};
use diesel::{
    backend::Backend,
    deserialize::{self, FromSql, FromSqlRow},
    expression::AsExpression,
    serialize::{self, Output, ToSql},
    sql_types,
};
use serde::{Deserialize, Serialize};

use crate::i18n::Lang;

/// A moment in UTC, to the microsecond: as fine as either database keeps it.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    AsExpression,
    FromSqlRow,
    Serialize,
    Deserialize,
)]
#[serde(from = "DateTime<Utc>", into = "DateTime<Utc>")]
#[diesel(sql_type = sql_types::Timestamp)]
pub struct Instant(NaiveDateTime);

impl Instant {
    pub fn utc(self) -> DateTime<Utc> {
        self.0.and_utc()
    }

    pub fn plus(self, span: chrono::Duration) -> Instant {
        Instant(self.0 + span)
    }

    /// Zero when `earlier` is in fact later.
    pub fn seconds_since(self, earlier: Instant) -> i64 {
        (self.0 - earlier.0).num_seconds().max(0)
    }
}

impl From<DateTime<Utc>> for Instant {
    fn from(at: DateTime<Utc>) -> Instant {
        Instant(at.trunc_subsecs(6).naive_utc())
    }
}

impl From<Instant> for DateTime<Utc> {
    fn from(at: Instant) -> DateTime<Utc> {
        at.utc()
    }
}

impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.utc().to_rfc3339_opts(chrono::SecondsFormat::Micros, true))
    }
}

impl<DB: Backend> ToSql<sql_types::Timestamp, DB> for Instant
where
    NaiveDateTime: ToSql<sql_types::Timestamp, DB>,
{
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, DB>) -> serialize::Result {
        self.0.to_sql(out)
    }
}

impl<DB: Backend> FromSql<sql_types::Timestamp, DB> for Instant
where
    NaiveDateTime: FromSql<sql_types::Timestamp, DB>,
{
    fn from_sql(bytes: DB::RawValue<'_>) -> deserialize::Result<Self> {
        NaiveDateTime::from_sql(bytes).map(Instant)
    }
}

/// Declares a newtype over a row's id, so that a person's id cannot stand where a site's belongs.
#[macro_export]
macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[derive(::diesel::expression::AsExpression, ::diesel::deserialize::FromSqlRow)]
        #[derive(::serde::Serialize, ::serde::Deserialize)]
        #[serde(transparent)]
        #[diesel(sql_type = ::diesel::sql_types::BigInt)]
        pub struct $name(pub i64);

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                ::std::fmt::Display::fmt(&self.0, f)
            }
        }

        impl<DB: ::diesel::backend::Backend> ::diesel::serialize::ToSql<::diesel::sql_types::BigInt, DB>
            for $name
        where
            i64: ::diesel::serialize::ToSql<::diesel::sql_types::BigInt, DB>,
        {
            fn to_sql<'b>(
                &'b self,
                out: &mut ::diesel::serialize::Output<'b, '_, DB>,
            ) -> ::diesel::serialize::Result {
                self.0.to_sql(out)
            }
        }

        impl<DB: ::diesel::backend::Backend>
            ::diesel::deserialize::FromSql<::diesel::sql_types::BigInt, DB> for $name
        where
            i64: ::diesel::deserialize::FromSql<::diesel::sql_types::BigInt, DB>,
        {
            fn from_sql(bytes: DB::RawValue<'_>) -> ::diesel::deserialize::Result<Self> {
                i64::from_sql(bytes).map($name)
            }
        }
    };
}

/// Makes an enum with `word()` and `parse()` a text column. The schema's CHECK lists the same words.
#[macro_export]
macro_rules! word_column {
    ($name:ty) => {
        impl<DB: ::diesel::backend::Backend>
            ::diesel::serialize::ToSql<::diesel::sql_types::Text, DB> for $name
        where
            str: ::diesel::serialize::ToSql<::diesel::sql_types::Text, DB>,
        {
            fn to_sql<'b>(
                &'b self,
                out: &mut ::diesel::serialize::Output<'b, '_, DB>,
            ) -> ::diesel::serialize::Result {
                <str as ::diesel::serialize::ToSql<::diesel::sql_types::Text, DB>>::to_sql(
                    self.word(),
                    out,
                )
            }
        }

        impl<DB: ::diesel::backend::Backend>
            ::diesel::deserialize::FromSql<::diesel::sql_types::Text, DB> for $name
        where
            String: ::diesel::deserialize::FromSql<::diesel::sql_types::Text, DB>,
        {
            fn from_sql(bytes: DB::RawValue<'_>) -> ::diesel::deserialize::Result<Self> {
                let word = String::from_sql(bytes)?;
                <$name>::parse(&word)
                    .ok_or_else(|| format!("{word} is no {}", stringify!($name)).into())
            }
        }
    };
}

/// Declares an enum whose variants are words in the database, in addresses and in forms.
#[macro_export]
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[derive(::diesel::expression::AsExpression, ::diesel::deserialize::FromSqlRow)]
        #[derive(::serde::Serialize, ::serde::Deserialize)]
        #[diesel(sql_type = ::diesel::sql_types::Text)]
        pub enum $name {
            $($(#[$vdoc])* #[serde(rename = $word)] $variant),+
        }

        impl $name {
            pub const ALL: &'static [$name] = &[$($name::$variant),+];

            pub fn word(self) -> &'static str {
                match self {
                    $($name::$variant => $word),+
                }
            }

            pub fn parse(word: &str) -> Option<$name> {
                match word {
                    $($word => Some($name::$variant),)+
                    _ => None,
                }
            }
        }

        $crate::word_column!($name);
    };
}

/// A reader's language in a column: a wrapper, since `i18n` knows nothing of databases.
#[derive(Clone, Copy, Debug, PartialEq, Eq, AsExpression, FromSqlRow)]
#[diesel(sql_type = sql_types::Text)]
pub struct LangColumn(pub Lang);

impl LangColumn {
    fn word(self) -> &'static str {
        self.0.tag()
    }

    fn parse(word: &str) -> Option<LangColumn> {
        Lang::ALL.into_iter().find(|lang| lang.tag() == word).map(LangColumn)
    }
}

word_column!(LangColumn);

impl From<LangColumn> for Lang {
    fn from(column: LangColumn) -> Lang {
        column.0
    }
}

impl From<Lang> for LangColumn {
    fn from(lang: Lang) -> LangColumn {
        LangColumn(lang)
    }
}
