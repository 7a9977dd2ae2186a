//! A small real mail server that does as it is told.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
};

/// What the server does with one mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Does {
    Accept,
    /// Answers the recipient with this code.
    AtRecipient(u16),
    /// Answers the data with this code.
    AfterData(u16),
    /// Takes the mail and hangs up before saying so.
    TakeAndHangUp,
    /// Says nothing any more from the recipient on.
    Hang,
}

/// A mail it took, headers and all.
pub type Taken = String;

#[derive(Clone)]
pub struct MailServer {
    pub port: u16,
    script: Arc<Mutex<VecDeque<Does>>>,
    taken: Arc<Mutex<Vec<Taken>>>,
}

impl MailServer {
    /// Accepts everything once its script is used up.
    pub async fn start(script: &[Does]) -> MailServer {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let server = MailServer {
            port: listener.local_addr().expect("an address").port(),
            script: Arc::new(Mutex::new(script.iter().copied().collect())),
            taken: Arc::default(),
        };
        let serving = server.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serving.clone().converse(stream));
            }
        });
        server
    }

    pub fn taken(&self) -> Vec<Taken> {
        self.taken.lock().expect("nobody panics here").clone()
    }

    fn next(&self) -> Does {
        self.script.lock().expect("nobody panics here").pop_front().unwrap_or(Does::Accept)
    }

    async fn converse(self, stream: TcpStream) {
        let (read, mut write) = stream.into_split();
        let mut lines = BufReader::new(read).lines();
        let mut does = Does::Accept;
        if write.write_all(b"220 mail.test ready\r\n").await.is_err() {
            return;
        }
        while let Ok(Some(line)) = lines.next_line().await {
            let verb = line.split([' ', ':']).next().unwrap_or_default().to_uppercase();
            let answer = match verb.as_str() {
                "EHLO" => "250-mail.test\r\n250 8BITMIME\r\n".to_owned(),
                "MAIL" => {
                    does = self.next();
                    "250 ok\r\n".to_owned()
                }
                "RCPT" => match does {
                    Does::AtRecipient(code) => format!("{code} not this one\r\n"),
                    Does::Hang => std::future::pending().await,
                    _ => "250 ok\r\n".to_owned(),
                },
                "DATA" => {
                    if write.write_all(b"354 go on\r\n").await.is_err() {
                        return;
                    }
                    let mut mail = String::new();
                    while let Ok(Some(line)) = lines.next_line().await {
                        if line == "." {
                            break;
                        }
                        mail.push_str(&line);
                        mail.push('\n');
                    }
                    match does {
                        Does::AfterData(code) => format!("{code} no\r\n"),
                        _ => {
                            self.taken.lock().expect("nobody panics here").push(mail);
                            if does == Does::TakeAndHangUp {
                                return;
                            }
                            "250 taken\r\n".to_owned()
                        }
                    }
                }
                "QUIT" => "221 bye\r\n".to_owned(),
                _ => "250 ok\r\n".to_owned(),
            };
            if write.write_all(answer.as_bytes()).await.is_err() {
                return;
            }
        }
    }
}

/// A header of a mail.
pub fn header(mail: &str, name: &str) -> Option<String> {
    mail.lines().find_map(|line| line.strip_prefix(&format!("{name}: ")).map(str::to_owned))
}
