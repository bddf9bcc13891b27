//! Every route and every code of the document, asked of the real program on both databases, by a test of its name.

mod activations;
mod clients;
mod codes;
mod commands;
mod contacts;
mod front_end;
mod history;
mod imports;
mod names;
mod operators;
mod passages;
mod practice_users;
mod scene;
mod service;
mod settings;
mod usual_codes;
mod webhooks;
mod workspace;
