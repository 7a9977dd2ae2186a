//! The edge where the clock is asked. Everything below gets the moment or the day as an argument.

use std::{
    future::{Ready, ready},
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use actix_web::{FromRequest, HttpRequest, dev::Payload, web};
use chrono::{NaiveDate, Utc};
use chrono_tz::Tz;

use crate::db::Instant;

/// The system's clock, or one that a test sets.
#[derive(Clone, Default)]
pub struct Clock {
    /// Microseconds added to the system's clock; tests travel with it.
    offset: Arc<AtomicI64>,
}

impl Clock {
    pub fn now(&self) -> Instant {
        let offset = chrono::Duration::microseconds(self.offset.load(Ordering::Relaxed));
        Instant::from(Utc::now() + offset)
    }

    /// What day it is somewhere.
    pub fn today(&self, zone: Tz) -> NaiveDate {
        self.now().utc().with_timezone(&zone).date_naive()
    }

    /// Moves the clock so that it is `then` now.
    pub fn travel_to(&self, then: Instant) {
        let offset = then.utc() - Utc::now();
        self.offset.store(offset.num_microseconds().unwrap_or(0), Ordering::Relaxed);
    }

    pub fn advance(&self, span: chrono::Duration) {
        self.offset.fetch_add(span.num_microseconds().unwrap_or(0), Ordering::Relaxed);
    }
}

/// What day it is for whoever sent a request, once it is known who did: a note on the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Today(pub NaiveDate);

/// The moment at which a request is handled.
#[derive(Clone, Copy, Debug)]
pub struct Now(pub Instant);

impl FromRequest for Now {
    type Error = actix_web::Error;
    type Future = Ready<Result<Now, Self::Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(match request.app_data::<web::Data<Clock>>() {
            Some(clock) => Ok(Now(clock.now())),
            None => Err(actix_web::error::ErrorInternalServerError("no clock was configured")),
        })
    }
}
