//! Laws of `PortalStore`.

mod apart;
mod batch;
mod erase;
mod facts;
mod guards;
mod invited;
mod keys;
mod links;
mod logins;
mod passages;
pub(super) mod personal;
mod races;
mod sessions;
mod staff;
mod text;
mod tries;
mod unique;
mod walls;
mod workspace;

pub use self::{
    apart::*, batch::*, erase::*, facts::*, guards::*, invited::*, keys::*, links::*, logins::*, passages::*,
    personal::*, races::*, sessions::*, staff::*, text::*, tries::*, unique::*, walls::*, workspace::*,
};
