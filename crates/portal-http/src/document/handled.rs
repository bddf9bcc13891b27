//! A handler as a route, with what its types say: what it asks for, and what it answers.

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    handler::Handler,
    http::{HeaderMap, StatusCode},
    response::Response,
    routing::{self, MethodRouter},
};
use serde_json::Value;
use utoipa::ToSchema;

use super::schema::Shape;
use crate::{
    Inner,
    ask::{Ask, Sent, Tag},
    json::{self, FromFields},
};

/// What is asked for in a body.
#[derive(Clone, Debug)]
pub(crate) struct BodyShape {
    /// Its name.
    pub(crate) name: &'static str,
    /// Its schema.
    pub(crate) schema: Value,
    /// Whether it may be left out.
    pub(crate) optional: bool,
}

impl BodyShape {
    /// What is read as this.
    pub(crate) fn of<B: FromFields>() -> Self {
        Self { name: std::any::type_name::<B>(), schema: json::schema::<B>(), optional: B::OPTIONAL }
    }
}

/// Whose cookie says who is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cookie {
    /// That of the portal.
    Portal,
    /// That of the workspace.
    Workspace,
}

/// What the types of a handler say.
#[derive(Clone, Debug, Default)]
pub(crate) struct Signature {
    /// The names a query may have.
    pub(crate) query: Vec<&'static str>,
    pub(crate) body: Option<BodyShape>,
    /// The media types of a file, where one is asked for in place of a body of JSON.
    pub(crate) file: &'static [&'static str],
    pub(crate) session: Option<Cookie>,
    /// Whether a request that has a cookie is to be marked as sent by a script of the same site.
    pub(crate) scripted: bool,
    /// What is answered as JSON.
    pub(crate) answer: Option<Shape>,
    /// Whether the answer names the state that it shows.
    pub(crate) tagged: bool,
}

/// A handler with its method.
pub(crate) struct Handled {
    pub(crate) method: &'static str,
    pub(crate) router: MethodRouter<Arc<Inner>>,
    pub(crate) sign: fn(&mut Signature),
}

impl Handled {
    /// What its types say.
    pub(crate) fn signature(&self) -> Signature {
        let mut signature = Signature::default();
        (self.sign)(&mut signature);
        signature
    }
}

/// Whatever stands among the arguments of a handler.
pub(crate) trait Asks {
    /// Notes what it asks for: most ask for nothing that a caller would have to send.
    fn ask(_: &mut Signature) {}
}

/// Whatever a handler answers.
pub(crate) trait Answers {
    /// Notes what it answers.
    fn answer(signature: &mut Signature);
}

/// A handler whose types say all this.
pub(crate) trait Signed<Arguments> {
    /// Notes it.
    fn sign(signature: &mut Signature);
}

macro_rules! signed {
    ($($argument:ident),*) => {
        impl<F, Done, $($argument),*> Signed<($($argument,)*)> for F
        where
            F: Fn($($argument),*) -> Done,
            Done: Future<Output: Answers>,
            $($argument: Asks,)*
        {
            fn sign(signature: &mut Signature) {
                $($argument::ask(signature);)*
                <Done::Output as Answers>::answer(signature);
            }
        }
    };
}

signed!();
signed!(A);
signed!(A, B);
signed!(A, B, C);
signed!(A, B, C, D);
signed!(A, B, C, D, E);

macro_rules! methods {
    ($($method:ident $name:literal)*) => {$(
        #[doc = concat!("A handler of `", $name, "`, as axum takes it, that says what it asks and answers.")]
        pub(crate) fn $method<H, T, Arguments>(handler: H) -> Handled
        where
            H: Handler<T, Arc<Inner>> + Signed<Arguments>,
            T: 'static,
        {
            Handled { method: $name, router: routing::$method(handler), sign: H::sign }
        }
    )*};
}

methods! { get "GET" put "PUT" post "POST" delete "DELETE" }

impl<T: Ask> Asks for Sent<T> {
    fn ask(signature: &mut Signature) {
        signature.query.extend(T::QUERY);
        signature.body = T::body();
    }
}

impl Asks for HeaderMap {}

impl<T> Asks for State<T> {}

impl<T: ToSchema> Answers for Json<T> {
    fn answer(signature: &mut Signature) {
        signature.answer = Some(Shape::of::<T>());
    }
}

impl Answers for StatusCode {
    fn answer(_: &mut Signature) {}
}

impl Answers for Response {
    fn answer(_: &mut Signature) {}
}

impl Answers for Tag {
    fn answer(signature: &mut Signature) {
        signature.tagged = true;
    }
}

impl<T: Answers, E> Answers for Result<T, E> {
    fn answer(signature: &mut Signature) {
        T::answer(signature);
    }
}

impl<A: Answers, B: Answers> Answers for (A, B) {
    fn answer(signature: &mut Signature) {
        A::answer(signature);
        B::answer(signature);
    }
}

impl<A: Answers, B: Answers, C: Answers> Answers for (A, B, C) {
    fn answer(signature: &mut Signature) {
        A::answer(signature);
        <(B, C)>::answer(signature);
    }
}
