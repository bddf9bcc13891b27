//! The routers over stores in memory: every route, its refusals, and the promises that are HTTP's to keep.

mod activations;
mod alike;
mod credentials;
mod events;
mod find;
mod guards;
mod handoffs;
mod host;
mod imports;
mod kit;
mod links;
mod malformed;
mod names;
mod once;
mod operators;
mod pages;
mod problems;
mod refused;
mod returns;
mod sessions;
mod settings;
mod tries;
mod versions;
mod walls;
mod webhooks;
mod workspace;
