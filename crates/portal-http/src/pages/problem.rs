//! Problems, in words for people.

use askama::Template;
use axum::response::Response;

use super::{Shell, show};
use crate::{problem::Problem, words::Tongue};

#[derive(Template)]
#[template(path = "problem.html")]
struct ProblemPage<'a> {
    shell: Shell,
    title: &'a str,
    detail: &'a str,
}

/// A problem as a page.
pub(crate) fn problem(problem: &Problem, tongue: Tongue) -> Response {
    let (title, detail) = told(problem, tongue);
    let page = ProblemPage { shell: Shell::bare().speaking(tongue), title: &title, detail: &detail };
    show(problem.status(), &page)
}

/// What people may meet has words of its own in each language. The rest says in English what it says to programs, and elsewhere
/// that it did not work: nobody gets there by a page of ours.
fn told(problem: &Problem, tongue: Tongue) -> (String, String) {
    let (title, detail) = match problem.code() {
        "not_found" => ("problem-not-found", "problem-not-found-what"),
        "overloaded" => ("problem-overloaded", "problem-overloaded-what"),
        "internal_error" => ("problem-internal", "problem-internal-what"),
        "method_not_allowed" => ("problem-method", "problem-method-what"),
        "forbidden" => ("problem-forbidden", "problem-forbidden-what"),
        "too_many_requests" => {
            return (tongue.say("problem-too-many"), tongue.wait(problem.retry_after().unwrap_or_default()));
        }
        _ if tongue == Tongue::English => return (problem.title().to_owned(), sentence(problem.detail())),
        "practice_suspended" => ("problem-closed", "problem-closed-what"),
        _ => ("problem-other", "problem-other-what"),
    };
    (tongue.say(title), tongue.say(detail))
}

/// A refusal's text, as people write sentences.
pub(crate) fn sentence(text: &str) -> String {
    let mut rest = text.trim_end_matches('.').chars();
    rest.next().map(|first| first.to_uppercase().chain(rest).chain(['.']).collect()).unwrap_or_default()
}
