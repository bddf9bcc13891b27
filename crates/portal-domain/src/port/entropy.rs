use crate::time::Timestamp;

/// Fresh, unguessable bytes.
pub trait Entropy: Send + Sync {
    /// Fills `bytes`. MUST come from the operating system's generator, or be a stated substitute of a test.
    fn fill(&self, bytes: &mut [u8]);
}

/// The time.
pub trait Clock: Send + Sync {
    /// Now. MAY go backwards; rules never assume that it doesn't.
    fn now(&self) -> Timestamp;
}
