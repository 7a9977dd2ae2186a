//! Every route with who may use it: the table that is printed and tested.

use actix_web::{
    FromRequest, Handler, Responder,
    body::{BoxBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    middleware::{Next, from_fn},
    web,
};

use super::{Role, Viewer, proof};

/// Who may use a route. The handler's signature enforces it; a test compares the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// Anybody, signed in or not.
    Public,
    /// Anybody signed in, for what is theirs or in their reach.
    SignedIn,
    /// Holders of one of these roles.
    Roles(&'static [Role]),
    /// Holders of one of these roles who reach the whole group: it concerns everybody.
    ForAll(&'static [Role]),
    /// Another system, by a token of the API; nobody by being signed in.
    Token,
}

/// A route as the table shows it.
#[derive(Clone, Copy, Debug)]
pub struct Route {
    pub method: &'static str,
    pub path: &'static str,
    pub who: Who,
}

type Configure = Box<dyn FnOnce(&mut web::ServiceConfig)>;

/// The routes of a capability: declared once, for actix-web and for the table.
#[derive(Default)]
pub struct Routes {
    pub table: Vec<Route>,
    configure: Vec<Configure>,
}

impl Routes {
    pub fn new() -> Routes {
        Routes::default()
    }

    pub fn get<F, Args>(self, path: &'static str, who: Who, handler: F) -> Routes
    where
        F: Handler<Args>,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        self.add("GET", path, who, web::get().to(handler))
    }

    pub fn post<F, Args>(self, path: &'static str, who: Who, handler: F) -> Routes
    where
        F: Handler<Args>,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        self.add("POST", path, who, web::post().to(handler))
    }

    /// A route whose handler takes a [`Claim`](super::Claim) and looks the session up in the query
    /// of its own work. Its other arguments must not fail by themselves, or somebody who is not
    /// signed in would hear of that first.
    pub fn post_by_claim<F, Args>(mut self, path: &'static str, handler: F) -> Routes
    where
        F: Handler<Args>,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        self.table.push(Route { method: "POST", path, who: Who::SignedIn });
        self.configure.push(Box::new(move |config| {
            config.route(path, web::post().to(handler));
        }));
        self
    }

    fn add(
        mut self,
        method: &'static str,
        path: &'static str,
        who: Who,
        route: actix_web::Route,
    ) -> Routes {
        self.table.push(Route { method, path, who });
        let route = match who {
            Who::Public | Who::Token => route,
            Who::SignedIn | Who::Roles(_) => route.wrap(from_fn(viewer_first)),
            Who::ForAll(roles) => {
                route.wrap(from_fn(move |request, next| reach_first(roles, request, next)))
            }
        };
        self.configure.push(Box::new(move |config| {
            config.route(path, route);
        }));
        self
    }

    /// Puts the routes of another capability behind these.
    pub fn and(mut self, other: Routes) -> Routes {
        self.table.extend(other.table);
        self.configure.extend(other.configure);
        self
    }

    pub fn configure(self, config: &mut web::ServiceConfig) {
        for configure in self.configure {
            configure(config);
        }
    }
}

/// Looks the viewer up before the handler's arguments are made. actix-web makes those side by
/// side, and a form that is found wrong sooner would answer somebody who may not send it at all.
async fn viewer_first(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> actix_web::Result<ServiceResponse<BoxBody>> {
    if let Err(error) = request.extract::<Viewer>().await {
        return Ok(request.error_response(error));
    }
    Ok(next.call(request).await?.map_into_boxed_body())
}

/// The same for what concerns everybody, with how far the viewer's roles reach.
async fn reach_first(
    roles: &'static [Role],
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> actix_web::Result<ServiceResponse<BoxBody>> {
    if let Err(error) = proof::reaches_all(request.request(), roles).await {
        return Ok(request.error_response(error));
    }
    Ok(next.call(request).await?.map_into_boxed_body())
}
