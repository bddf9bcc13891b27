//! A file of contacts, read off the async threads. What can't be read is found before the first row comes.

use axum::body::Bytes;
use portal_import::{Cells, Columns, Fault, Layout, Sheet};
use tokio::sync::{mpsc, oneshot};

use crate::{places::Place, problem::Problem};

/// Rows that are handed on together.
const TOGETHER: usize = 500;

/// A file, and what is said of it.
#[derive(Default)]
pub(crate) struct Source {
    pub(crate) bytes: Bytes,
    pub(crate) charset: Option<String>,
    pub(crate) columns: Columns,
    /// Held as long as the bytes are.
    #[expect(dead_code, reason = "it is only held")]
    pub(crate) place: Option<Place>,
}

/// What a file was found to be.
pub(crate) struct Opened {
    pub(crate) heads: Vec<String>,
    /// What it was taken for, in words.
    pub(crate) read_as: String,
    /// What its columns are, or why they are not known.
    pub(crate) layout: Result<Layout, Fault>,
    /// Whether every row can be read. Where one can't, none comes.
    pub(crate) whole: Result<(), Fault>,
}

/// A file that is being read.
pub(crate) struct Reading {
    opened: Option<oneshot::Receiver<Result<Opened, Fault>>>,
    cells: mpsc::Receiver<Result<Vec<Cells>, Fault>>,
}

impl Reading {
    pub(crate) fn start(source: Source) -> Self {
        let (tell, opened) = oneshot::channel();
        let (send, cells) = mpsc::channel(2);
        // The file and its place go with it: it is read on when whoever asked has gone away.
        tokio::task::spawn_blocking(move || read(&source, tell, &send));
        Self { opened: Some(opened), cells }
    }

    /// What the file was found to be.
    pub(crate) async fn opened(&mut self) -> Result<Result<Opened, Fault>, Problem> {
        match self.opened.take() {
            Some(opened) => opened.await.map_err(|_| Problem::internal()),
            None => Err(Problem::internal()),
        }
    }

    /// The next rows.
    pub(crate) async fn next(&mut self) -> Option<Result<Vec<Cells>, Fault>> {
        self.cells.recv().await
    }
}

fn read(source: &Source, tell: oneshot::Sender<Result<Opened, Fault>>, send: &mpsc::Sender<Result<Vec<Cells>, Fault>>) {
    let sheet = match Sheet::open(&source.bytes, source.charset.as_deref(), &source.columns) {
        Ok(sheet) => sheet,
        Err(fault) => return drop(tell.send(Err(fault))),
    };
    let opened = Opened {
        heads: sheet.heads().to_vec(),
        read_as: sheet.read_as(),
        layout: Layout::of(sheet.heads(), &source.columns),
        whole: sheet.check().map(drop),
    };
    let over = opened.whole.is_err();
    if tell.send(Ok(opened)).is_err() || over {
        return;
    }
    let mut rows = sheet.rows();
    loop {
        let some: Result<Vec<_>, _> = rows.by_ref().take(TOGETHER).collect();
        if some.as_ref().is_ok_and(Vec::is_empty) {
            return;
        }
        // Whoever asked may have gone away; and after a fault nothing comes.
        let over = some.is_err();
        if send.blocking_send(some).is_err() || over {
            return;
        }
    }
}
