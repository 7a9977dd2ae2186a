//! A small real mail server that does as it is told, and says how far whoever talks to it has got.

use std::{
    collections::{HashMap, VecDeque},
    io,
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::watch,
    time::timeout,
};

/// What the server does with one mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Does {
    Accept,
    /// Answers the sender with this code.
    AtSender(u16),
    /// Answers the recipient with this code.
    AtRecipient(u16),
    /// Answers the data with this code.
    AfterData(u16),
    /// Takes the mail and hangs up before saying so.
    TakeAndHangUp,
    /// Says nothing any more from the recipient on.
    Hang,
    /// Takes the mail and says nothing any more.
    TakeAndHang,
    /// Hangs up at the recipient.
    HangUp,
    /// Hangs up in the middle of the text.
    HangUpInText,
}

/// How the server receives one connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Greets {
    Ready,
    /// Hangs up without a word.
    HangsUp,
    /// Hangs up in the middle of its greeting.
    HangsUpMidWord,
    /// Says that it has no time: 421.
    Busy,
    /// Says nothing.
    Silent,
}

/// How far a client has got. The server has read what it names and has not answered yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    Connected,
    Hello,
    Sender,
    Recipient,
    Data,
    /// The whole text is here: from now on it is ours to deliver.
    Text,
    /// The answer to the text has left.
    Answered,
    Quit,
}

/// A mail it took, headers and all.
pub type Taken = String;

/// What has happened so far.
#[derive(Clone, Copy, Debug, Default)]
pub struct Seen {
    pub connections: usize,
    pub open: usize,
    pub taken: usize,
    /// The step at which somebody is held up.
    pub held: Option<Step>,
}

#[derive(Clone)]
pub struct MailServer {
    pub port: u16,
    script: Arc<Mutex<VecDeque<Does>>>,
    greetings: Arc<Mutex<VecDeque<Greets>>>,
    taken: Arc<Mutex<Vec<Taken>>>,
    /// Where clients are held up until they are let go, and how many may pass before.
    holds: watch::Sender<HashMap<Step, usize>>,
    seen: watch::Sender<Seen>,
}

/// Longer than anything here takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(100);

impl MailServer {
    /// Accepts everything once its script is used up.
    pub async fn start(script: &[Does]) -> MailServer {
        MailServer::at(0, script).await
    }

    /// The same at a port that was free before.
    pub async fn at(port: u16, script: &[Does]) -> MailServer {
        let listener = TcpListener::bind(("127.0.0.1", port)).await.expect("a free port");
        let server = MailServer {
            port: listener.local_addr().expect("an address").port(),
            script: Arc::new(Mutex::new(script.iter().copied().collect())),
            greetings: Arc::default(),
            taken: Arc::default(),
            holds: watch::Sender::default(),
            seen: watch::Sender::default(),
        };
        let serving = server.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serving.clone().receive(stream));
            }
        });
        server
    }

    /// A port at which nobody listens.
    pub async fn nobody() -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        listener.local_addr().expect("an address").port()
    }

    /// How the next connections are received.
    pub fn greet(&self, greetings: &[Greets]) {
        self.greetings.lock().expect("nobody panics here").extend(greetings);
    }

    /// Holds up whoever gets to this step from now on, and nobody at any other.
    pub fn hold(&self, step: Step) {
        self.hold_after(0, step);
    }

    /// The same for whoever comes after so many others.
    pub fn hold_after(&self, others: usize, step: Step) {
        self.holds.send_replace(HashMap::from([(step, others)]));
    }

    /// Lets go whoever is held up at this step, and all who come to it later.
    pub fn let_go(&self, step: Step) {
        self.holds.send_modify(|holds| {
            holds.remove(&step);
        });
    }

    /// Waits until this is so.
    pub async fn until(&self, what: &str, so: impl FnMut(&Seen) -> bool) -> Seen {
        let mut seen = self.seen.subscribe();
        match timeout(PATIENCE, seen.wait_for(so)).await {
            Ok(Ok(seen)) => *seen,
            _ => panic!("{what}: {:?}", *self.seen.borrow()),
        }
    }

    pub async fn until_held(&self, step: Step) {
        self.until("nobody came so far", |seen| seen.held == Some(step)).await;
    }

    /// Waits until so many mails were taken and nobody is connected any more.
    pub async fn until_taken(&self, count: usize) {
        self.until("not all were taken", |seen| seen.taken >= count && seen.open == 0).await;
    }

    pub fn taken(&self) -> Vec<Taken> {
        self.taken.lock().expect("nobody panics here").clone()
    }

    /// The Message-IDs of what was taken.
    pub fn taken_ids(&self) -> Vec<String> {
        let taken = self.taken();
        taken.iter().map(|mail| header(mail, "Message-ID").expect("a Message-ID")).collect()
    }

    pub fn connections(&self) -> usize {
        self.seen.borrow().connections
    }

    fn next(&self) -> Does {
        self.script.lock().expect("nobody panics here").pop_front().unwrap_or(Does::Accept)
    }

    async fn receive(self, stream: TcpStream) {
        self.seen.send_modify(|seen| {
            seen.connections += 1;
            seen.open += 1;
        });
        let greets = self.greetings.lock().expect("nobody panics here").pop_front();
        let (read, write) = stream.into_split();
        let talk = Talk { server: &self, lines: BufReader::new(read).lines(), write };
        // A client that is gone ends the talk.
        let _ = talk.greet(greets.unwrap_or(Greets::Ready)).await;
        self.seen.send_modify(|seen| seen.open -= 1);
    }

    async fn at_step(&self, step: Step) {
        let mut holds = self.holds.subscribe();
        let passes = self.holds.send_if_modified(|holds| match holds.get_mut(&step) {
            Some(0) | None => false,
            Some(left) => {
                *left -= 1;
                true
            }
        });
        if !passes && holds.borrow().contains_key(&step) {
            self.seen.send_modify(|seen| seen.held = Some(step));
            let _ = holds.wait_for(|holds| !holds.contains_key(&step)).await;
        }
    }
}

/// One connection.
struct Talk<'a> {
    server: &'a MailServer,
    lines: Lines<BufReader<OwnedReadHalf>>,
    write: OwnedWriteHalf,
}

/// The connection has ended, by whoever's doing.
struct Over;

impl From<io::Error> for Over {
    fn from(_: io::Error) -> Over {
        Over
    }
}

impl Talk<'_> {
    async fn greet(mut self, greets: Greets) -> Result<(), Over> {
        self.server.at_step(Step::Connected).await;
        match greets {
            Greets::Ready => self.say("220 mail.test ready\r\n").await?,
            Greets::HangsUp => return Err(Over),
            Greets::HangsUpMidWord => return self.say("220 mail.te").await,
            Greets::Busy => self.say("421 4.3.2 too many connections\r\n").await?,
            Greets::Silent => self.nothing().await?,
        }
        self.converse().await
    }

    async fn say(&mut self, words: &str) -> Result<(), Over> {
        Ok(self.write.write_all(words.as_bytes()).await?)
    }

    /// Says nothing until the client gives up.
    async fn nothing(&mut self) -> Result<(), Over> {
        while self.lines.next_line().await?.is_some() {}
        Err(Over)
    }

    async fn converse(&mut self) -> Result<(), Over> {
        let mut does = Does::Accept;
        while let Some(line) = self.lines.next_line().await? {
            let verb = line.split([' ', ':']).next().unwrap_or_default().to_uppercase();
            match verb.as_str() {
                "EHLO" => {
                    self.server.at_step(Step::Hello).await;
                    self.say("250-mail.test\r\n250 8BITMIME\r\n").await?;
                }
                "MAIL" => {
                    does = self.server.next();
                    self.server.at_step(Step::Sender).await;
                    match does {
                        Does::AtSender(code) => self.say(&format!("{code} not you\r\n")).await?,
                        _ => self.say("250 ok\r\n").await?,
                    }
                }
                "RCPT" => {
                    self.server.at_step(Step::Recipient).await;
                    match does {
                        Does::AtRecipient(code) => {
                            self.say(&format!("{code} not this one\r\n")).await?;
                        }
                        Does::Hang => self.nothing().await?,
                        Does::HangUp => return Err(Over),
                        _ => self.say("250 ok\r\n").await?,
                    }
                }
                "DATA" => self.take(does).await?,
                "QUIT" => {
                    self.server.at_step(Step::Quit).await;
                    self.say("221 bye\r\n").await?;
                }
                _ => self.say("250 ok\r\n").await?,
            }
        }
        Ok(())
    }

    async fn take(&mut self, does: Does) -> Result<(), Over> {
        self.server.at_step(Step::Data).await;
        self.say("354 go on\r\n").await?;
        let mut mail = String::new();
        loop {
            // Half a mail is no mail.
            let line = self.lines.next_line().await?.ok_or(Over)?;
            if does == Does::HangUpInText {
                return Err(Over);
            }
            if line == "." {
                break;
            }
            mail.push_str(line.strip_prefix('.').unwrap_or(&line));
            mail.push('\n');
        }
        if let Does::AfterData(code) = does {
            return self.say(&format!("{code} no\r\n")).await;
        }
        self.server.taken.lock().expect("nobody panics here").push(mail);
        self.server.at_step(Step::Text).await;
        self.server.seen.send_modify(|seen| seen.taken += 1);
        match does {
            Does::TakeAndHangUp => return Err(Over),
            Does::TakeAndHang => self.nothing().await?,
            _ => self.say("250 taken\r\n").await?,
        }
        self.server.at_step(Step::Answered).await;
        Ok(())
    }
}

/// A header of a mail.
pub fn header(mail: &str, name: &str) -> Option<String> {
    mail.lines().find_map(|line| line.strip_prefix(&format!("{name}: ")).map(str::to_owned))
}
