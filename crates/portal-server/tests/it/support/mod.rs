//! What the tests stand on.

pub(crate) mod bed;
pub(crate) mod data;
pub(crate) mod database;
#[cfg(feature = "fault-points")]
pub(crate) mod dice;
pub(crate) mod http;
pub(crate) mod smtp;

pub(crate) use self::{
    bed::{Bed, Ended},
    database::Database,
    http::{Answer, Client},
    smtp::{Mail, Sink},
};

/// Runs each test on either database, in a module for each.
macro_rules! on_both_databases {
    ($($test:ident),* $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $test() {
                super::$test($crate::support::Database::sqlite()).await;
            })*
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $test() {
                super::$test($crate::support::Database::postgres().await).await;
            })*
        }
    };
}
pub(crate) use on_both_databases;
