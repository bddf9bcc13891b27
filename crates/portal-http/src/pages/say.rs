//! How templates speak: the words of the page's language.

use std::{borrow::Borrow, fmt};

use super::{Shell, fault::Told};
use crate::words::{Arg, Markup};

impl Shell {
    pub(crate) const fn code(&self) -> &'static str {
        self.tongue.code()
    }

    pub(crate) fn say(&self, key: &str) -> String {
        self.tongue.say(key)
    }

    pub(crate) fn label(&self, key: &str) -> Markup {
        self.tongue.label(key)
    }

    pub(crate) fn with(&self, key: &str, name: &str, arg: impl Borrow<Arg>) -> Markup {
        self.tongue.with(key, &[(name, arg.borrow())])
    }

    pub(crate) fn with_both(
        &self,
        key: &str,
        name: &str,
        arg: impl Borrow<Arg>,
        other_name: &str,
        other_arg: impl Borrow<Arg>,
    ) -> Markup {
        self.tongue.with(key, &[(name, arg.borrow()), (other_name, other_arg.borrow())])
    }

    /// What is wrong with a field.
    pub(crate) fn told(&self, told: &Told) -> Markup {
        self.tongue.with(told.key, &[("number", &Arg::Number(told.number))])
    }

    pub(crate) fn name(&self, text: impl AsRef<str>) -> Arg {
        Arg::name(text.as_ref())
    }

    pub(crate) fn strong(&self, text: impl AsRef<str>) -> Arg {
        Arg::strong(text.as_ref())
    }

    pub(crate) fn text(&self, text: impl fmt::Display) -> Arg {
        Arg::text(&text)
    }

    pub(crate) fn number(&self, number: impl Count) -> Arg {
        Arg::Number(number.count())
    }

    pub(crate) fn link(&self, place: impl fmt::Display, label: impl Borrow<Markup>) -> Arg {
        Arg::link(&place, label.borrow())
    }
}

/// A number, however often it is referred to.
pub(crate) trait Count {
    fn count(&self) -> u64;
}

impl Count for u64 {
    fn count(&self) -> u64 {
        *self
    }
}

impl<C: Count> Count for &C {
    fn count(&self) -> u64 {
        C::count(self)
    }
}
