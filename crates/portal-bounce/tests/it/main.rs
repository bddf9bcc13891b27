//! What is made of mails, and of what is none.

mod charsets;
mod properties;
mod sample;
mod shapes;
