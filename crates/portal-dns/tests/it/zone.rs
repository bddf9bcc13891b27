//! A DNS server of the tests, on loopback: it says what it was told to say.

use std::{
    collections::HashMap,
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream, UdpSocket},
    sync::{Arc, Mutex},
};

use hickory_proto::{
    op::{Message, MessageType, OpCode, ResponseCode},
    rr::{
        Name, RData, Record, RecordType,
        rdata::{A, AAAA, MX, TXT},
    },
};

/// Most bytes of an answer over UDP: longer ones have to be fetched over TCP.
const DATAGRAM: usize = 1232;

/// What a name answers.
#[derive(Clone, Default)]
pub(crate) struct Zone {
    records: HashMap<(String, RecordType), Vec<RData>>,
    failing: HashMap<String, ResponseCode>,
    /// No question about these names, or those below them, has any answer.
    pub(crate) silent: Vec<String>,
}

/// A server that runs until the tests end.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Zone {
    pub(crate) fn txt(mut self, name: &str, text: &str) -> Self {
        let strings: Vec<String> =
            text.as_bytes().chunks(255).map(|part| String::from_utf8(part.to_vec()).unwrap()).collect();
        self.put(name, RecordType::TXT, RData::TXT(TXT::new(strings)));
        self
    }

    pub(crate) fn mx(mut self, name: &str, preference: u16, host: &str) -> Self {
        self.put(name, RecordType::MX, RData::MX(MX::new(preference, Name::from_ascii(host).unwrap())));
        self
    }

    pub(crate) fn address(mut self, name: &str, address: &str) -> Self {
        match address.parse().unwrap() {
            std::net::IpAddr::V4(address) => self.put(name, RecordType::A, RData::A(A(address))),
            std::net::IpAddr::V6(address) => self.put(name, RecordType::AAAA, RData::AAAA(AAAA(address))),
        }
        self
    }

    /// Every question about this name ends with an error.
    pub(crate) fn failing(mut self, name: &str, code: ResponseCode) -> Self {
        self.failing.insert(name.to_owned(), code);
        self
    }

    fn put(&mut self, name: &str, kind: RecordType, data: RData) {
        self.records.entry((name.to_owned(), kind)).or_default().push(data);
    }

    pub(crate) fn serve(self) -> Server {
        let (udp, tcp) = ports();
        let address = udp.local_addr().unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (zone, heard) = (self.clone(), Arc::clone(&asked));
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok((length, peer)) = udp.recv_from(&mut bytes) {
                if let Some(answer) = zone.answer(&bytes[..length], &heard, DATAGRAM) {
                    drop(udp.send_to(&answer, peer));
                }
            }
        });
        let heard = Arc::clone(&asked);
        std::thread::spawn(move || {
            for stream in tcp.incoming().flatten() {
                drop(self.talk(stream, &heard));
            }
        });
        Server { address, asked }
    }

    fn talk(&self, mut stream: TcpStream, heard: &Mutex<Vec<String>>) -> std::io::Result<()> {
        let mut length = [0; 2];
        stream.read_exact(&mut length)?;
        let mut question = vec![0; usize::from(u16::from_be_bytes(length))];
        stream.read_exact(&mut question)?;
        if let Some(answer) = self.answer(&question, heard, usize::from(u16::MAX)) {
            stream.write_all(&u16::try_from(answer.len()).unwrap().to_be_bytes())?;
            stream.write_all(&answer)?;
        }
        Ok(())
    }

    fn answer(&self, question: &[u8], heard: &Mutex<Vec<String>>, most: usize) -> Option<Vec<u8>> {
        let question = Message::from_vec(question).ok()?;
        let query = question.queries.first()?.clone();
        let name = query.name().to_ascii().trim_end_matches('.').to_ascii_lowercase();
        heard.lock().unwrap().push(format!("{name} {}", query.query_type()));
        if self.silent.iter().any(|silent| name == *silent || name.ends_with(&format!(".{silent}"))) {
            return None;
        }
        let mut answer = Message::new(question.metadata.id, MessageType::Response, OpCode::Query);
        answer.metadata.recursion_desired = true;
        answer.metadata.recursion_available = true;
        answer.add_query(query.clone());
        if let Some(code) = self.failing.get(&name) {
            answer.metadata.response_code = *code;
        } else if let Some(found) = self.records.get(&(name.clone(), query.query_type())) {
            let record = |data: &RData| Record::from_rdata(query.name().clone(), 60, data.clone());
            answer.add_answers(found.iter().map(record));
        } else if !self.records.keys().any(|(known, _)| *known == name || known.ends_with(&format!(".{name}"))) {
            answer.metadata.response_code = ResponseCode::NXDomain;
        }
        let bytes = answer.to_vec().unwrap();
        if bytes.len() <= most {
            return Some(bytes);
        }
        Some(answer.truncate().to_vec().unwrap())
    }
}

impl Server {
    /// The names that were asked for, with the kind of record.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

/// The same port twice.
fn ports() -> (UdpSocket, TcpListener) {
    loop {
        let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
        if let Ok(tcp) = TcpListener::bind(udp.local_addr().unwrap()) {
            return (udp, tcp);
        }
    }
}
