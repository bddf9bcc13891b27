//! Prints the OpenAPI document, for `cargo xtask openapi`.

#![expect(clippy::print_stdout, reason = "a program for the terminal")]

fn main() {
    println!("{:#}", portal_http::openapi());
}
