//! The answer to a connection for which there is no place.

use std::time::Duration;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

/// The problem `overloaded` as every other answer gives it.
const BODY: &str = r#"{"type":"/problems/overloaded","title":"Too much at once","status":503,"detail":"too much at once: try again in a second","code":"overloaded"}"#;

/// So much of what was sent is read after the answer.
const DRAINED: u64 = 64 * 1024;

/// Says that there is no place, without reading what is asked, and closes.
///
/// What came meanwhile is read and thrown away for a moment: the answer would be overtaken by a reset of the connection
/// otherwise. Nothing waits here for longer than `time`.
pub(super) async fn refuse(mut stream: TcpStream, time: Duration) {
    let answer = format!(
        "HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/problem+json\r\nretry-after: 1\r\n\
         cache-control: no-store\r\nx-content-type-options: nosniff\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{BODY}",
        BODY.len()
    );
    let told = timeout(time, async {
        stream.write_all(answer.as_bytes()).await?;
        stream.shutdown().await?;
        tokio::io::copy(&mut stream.take(DRAINED), &mut tokio::io::sink()).await
    });
    if !matches!(told.await, Ok(Ok(_))) {
        tracing::debug!("a connection that found no place did not wait for the answer");
    }
}
