//! A new migration or a new description of a query is a reason to compile anew, which the compiler alone does not see.

fn main() {
    println!("cargo::rerun-if-changed=migrations");
    println!("cargo::rerun-if-changed=.sqlx");
    println!("cargo::rerun-if-changed=sqlx.toml");
}
