//! Portal over HTTP: the JSON API for hosts and front ends, and the pages for people.
//!
//! Handlers hold no rule: they extract, parse, call one use case, and present. [`App::router`] gives all of it as an
//! axum router, which is a plain tower service too.
//!
//! | to … | look at |
//! |---|---|
//! | mount it | [`App`], [`HttpConfig`] |
//! | say where it is reached | [`BaseUrl`] |
//! | see every code and status | [`problem_table`] |
//! | push events as `GET /events` answers them | [`event_payload`] |
//! | show a diagnosis as the API answers it | [`diagnosis_payload`] |
//! | describe it to programs | [`openapi`] |
//! | sign staff in yourself | [`workspace_cookie`] |

mod api;
mod arrival;
mod ask;
mod assets;
mod browser;
mod caller;
mod config;
mod cookie;
mod demo;
mod desk;
mod document;
mod download;
mod first_start;
mod form_data;
mod gate;
mod guard;
mod host;
mod json;
mod observe;
mod pages;
mod places;
mod present;
mod problem;
mod reading;
mod service;
mod staff;
mod staff_pages;
mod waiters;
mod words;
mod workspace;
pub mod workspace_cookie;

use std::{fmt, sync::Arc};

use axum::{Router, middleware, response::IntoResponse};
use portal_domain::{
    port::{Exports, PortalViews},
    usecase::Portal,
};
use tower_http::catch_panic::CatchPanicLayer;

pub use crate::{
    config::{BaseUrl, BaseUrlFault, HttpConfig, Network},
    document::openapi,
    first_start::FirstStart,
    host::{diagnosis_payload, route_table},
    pages::portal_table,
    present::event_payload,
    problem::problem_table,
    staff_pages::workspace_table,
};
use crate::{
    gate::{Room, Running},
    guard::RequestIds,
    problem::Problem,
    waiters::Waiters,
};

/// Called after whatever may have left the workers something to do.
pub type Wake = Arc<dyn Fn() + Send + Sync>;

/// What the routers work on.
#[derive(Clone)]
pub struct App {
    /// The use cases.
    pub portal: Portal,
    /// Lists.
    pub views: Arc<dyn PortalViews>,
    /// What leaves as a whole.
    pub exports: Arc<dyn Exports>,
    /// Where the service is reached, and whom it believes.
    pub config: HttpConfig,
    /// Wakes the workers, where they are in this process.
    pub wake: Option<Wake>,
}

impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("App").field("config", &self.config).finish_non_exhaustive()
    }
}

/// What every handler shares.
struct Inner {
    portal: Portal,
    views: Arc<dyn PortalViews>,
    exports: Arc<dyn Exports>,
    config: HttpConfig,
    wake: Option<Wake>,
    request_ids: RequestIds,
    running: Running,
    /// Where files find room, whoever sends them.
    imports: Room,
    waiters: Waiters,
}

impl App {
    /// All routes, behind all guards. The server puts the peer's address into each request as
    /// [`ConnectInfo<SocketAddr>`](axum::extract::ConnectInfo); without it, requests come from nowhere known.
    pub fn router(self) -> Router {
        let Self { mut portal, views, exports, config, wake } = self;
        portal.hasher = observe::hasher(portal.hasher);
        let request_ids = RequestIds::new(&*portal.entropy);
        let app = Arc::new(Inner {
            portal,
            views,
            exports,
            config,
            wake,
            request_ids,
            running: Running::default(),
            imports: Room::default(),
            waiters: Waiters::default(),
        });
        let with_app = || Arc::clone(&app);
        let mut routes = Router::new()
            .merge(service::routes())
            .merge(assets::routes())
            .merge(document::routes())
            .nest("/api/v1", host::routes(&app))
            .nest("/portal/{practice}/api", api::routes(&app))
            .nest("/workspace/{practice}/api", workspace::routes(&app))
            .merge(staff_pages::routes(&app))
            .merge(pages::routes(&app));
        if app.config.demo_mail.is_some() {
            routes = routes.merge(demo::routes());
        }
        routes
            .method_not_allowed_fallback(host::other_methods)
            .fallback(async || Problem::not_found("route"))
            .with_state(with_app())
            .layer(CatchPanicLayer::custom(guard::panicked))
            .layer(middleware::from_fn_with_state(with_app(), guard::every))
    }
}

/// A page or an answer that could not be made is our own fault.
fn broken(error: &dyn fmt::Display) -> axum::response::Response {
    tracing::error!(%error, "a page could not be rendered");
    Problem::internal().into_response()
}
