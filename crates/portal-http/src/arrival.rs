//! Bodies on their way: within bounds of size, and not slower than is worth waiting for.

use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use http_body_util::{BodyExt, LengthLimitError, Limited};

/// For so long a part of a body may take to arrive; of most bodies there is one part.
const TIME: Duration = Duration::from_secs(20);
/// So much is a part.
const PART: usize = 1024 * 1024;

/// Why a body is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It has more bytes than it may have.
    TooLarge,
    /// A part of it took too long.
    Slow,
    /// It ended before its end.
    Broken,
}

/// The body, whole.
pub(crate) async fn whole(body: Body, most: usize) -> Result<Bytes, Fault> {
    // Of a body that says how large it is no more is held than that, however it grows.
    let told = body.size_hint().exact().and_then(|told| usize::try_from(told).ok()).unwrap_or_default();
    let (mut body, mut bytes, mut over) = (Limited::new(body, most), Vec::with_capacity(told.min(most)), false);
    while !over {
        let enough = bytes.len() + PART;
        let part = async {
            while bytes.len() < enough {
                let Some(frame) = body.frame().await else { return Ok(true) };
                let frame = frame.map_err(|error| match error.is::<LengthLimitError>() {
                    true => Fault::TooLarge,
                    false => Fault::Broken,
                })?;
                bytes.extend_from_slice(frame.data_ref().map_or(&[], |data| &data[..]));
            }
            Ok(false)
        };
        over = tokio::time::timeout(TIME, part).await.map_err(|_| Fault::Slow)??;
    }
    Ok(bytes.into())
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use futures_util::stream;

    use super::*;

    /// A body of so many pieces, each of which takes ten seconds.
    fn slow(pieces: usize, size: usize) -> Body {
        Body::from_stream(stream::unfold(0, move |sent| async move {
            if sent == pieces {
                return None;
            }
            tokio::time::sleep(Duration::from_secs(10)).await;
            Some((Ok::<_, Infallible>(vec![b'x'; size]), sent + 1))
        }))
    }

    #[tokio::test(start_paused = true)]
    async fn s16_a_body_may_take_its_time_while_it_comes() {
        const MOST: usize = 64 * PART;
        assert_eq!(whole(slow(12, PART), MOST).await.map(|bytes| bytes.len()), Ok(12 * PART));
        assert_eq!(whole(slow(12, PART / 4), MOST).await.map(|bytes| bytes.len()), Err(Fault::Slow));
        assert_eq!(whole(slow(3, 1), MOST).await, Err(Fault::Slow));
        assert_eq!(whole(slow(1, 5), MOST).await, Ok(Bytes::from_static(b"xxxxx")));
        assert_eq!(whole(slow(2, PART), PART).await, Err(Fault::TooLarge));
        assert_eq!(whole(Body::empty(), 0).await, Ok(Bytes::new()));
    }
}
