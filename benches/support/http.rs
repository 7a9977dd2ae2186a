//! A browser that costs little beside the server: one connection at a time, opened when needed,
//! thousands of them in one thread. It takes compressed answers, as browsers do, and only reads
//! what is plain.

use std::{io, net::SocketAddr};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

pub struct Browser {
    address: SocketAddr,
    cookie: String,
    /// What the browser says it can unpack; nothing for a page that is to be read here.
    pub accepts: &'static str,
    stream: Option<TcpStream>,
    buffer: Vec<u8>,
}

pub struct Answer {
    pub status: u16,
    pub location: String,
    pub body: Vec<u8>,
}

pub const AS_BROWSERS: &str = "gzip, deflate, br";

impl Browser {
    pub fn new(address: SocketAddr, cookie: String) -> Browser {
        Browser { address, cookie, accepts: AS_BROWSERS, stream: None, buffer: Vec::new() }
    }

    pub async fn get(&mut self, path: &str) -> Answer {
        self.ask("GET", path, "", "").await
    }

    pub async fn post_form(&mut self, path: &str, body: &str) -> Answer {
        self.ask("POST", path, "application/x-www-form-urlencoded", body).await
    }

    pub async fn post_json(&mut self, path: &str, body: &str) -> Answer {
        self.ask("POST", path, "application/json", body).await
    }

    /// A connection the server has closed meanwhile is opened again, as a browser would.
    async fn ask(&mut self, method: &str, path: &str, media_type: &str, body: &str) -> Answer {
        let (cookie, accepts) = (&self.cookie, self.accepts);
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: bench\r\nCookie: {cookie}\r\n\
             Accept-Encoding: {accepts}\r\nContent-Type: {media_type}\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        for _ in 0..20 {
            match self.exchange(request.as_bytes()).await {
                Ok(answer) => return answer,
                Err(_) => self.stream = None,
            }
        }
        panic!("the server does not answer {method} {path}");
    }

    async fn exchange(&mut self, request: &[u8]) -> io::Result<Answer> {
        let stream = match &mut self.stream {
            Some(stream) => stream,
            closed => {
                let stream = TcpStream::connect(self.address).await?;
                stream.set_nodelay(true)?;
                closed.insert(stream)
            }
        };
        stream.write_all(request).await?;
        self.buffer.clear();
        let head = loop {
            if let Some(end) = find(&self.buffer, b"\r\n\r\n") {
                break end;
            }
            more(stream, &mut self.buffer).await?;
        };
        let (status, location, length) = read_head(&self.buffer[..head]);
        let body = head + 4;
        match length {
            Some(length) => {
                while self.buffer.len() < body + length {
                    more(stream, &mut self.buffer).await?;
                }
                self.buffer.drain(..body);
            }
            // In chunks: the last one is empty. What is packed is not unpacked here.
            None => {
                while !self.buffer.ends_with(b"\r\n0\r\n\r\n") {
                    more(stream, &mut self.buffer).await?;
                }
                self.buffer.drain(..body);
            }
        }
        Ok(Answer { status, location, body: std::mem::take(&mut self.buffer) })
    }
}

async fn more(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> io::Result<()> {
    match stream.read_buf(buffer).await? {
        0 => Err(io::ErrorKind::UnexpectedEof.into()),
        _ => Ok(()),
    }
}

fn find(all: &[u8], part: &[u8]) -> Option<usize> {
    all.windows(part.len()).position(|window| window == part)
}

fn read_head(head: &[u8]) -> (u16, String, Option<usize>) {
    let head = String::from_utf8_lossy(head);
    let status = head.get(9..12).and_then(|code| code.parse().ok()).expect("a status");
    let (mut location, mut length) = (String::new(), None);
    for line in head.lines() {
        let Some((name, value)) = line.split_once(": ") else { continue };
        if name.eq_ignore_ascii_case("content-length") {
            length = value.parse().ok();
        } else if name.eq_ignore_ascii_case("location") {
            location = value.to_owned();
        }
    }
    (status, location, length)
}
