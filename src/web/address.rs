//! Where a request comes from, for limits that count by it and for places that are let in by it.

use std::net::{IpAddr, Ipv6Addr};

use actix_web::{HttpRequest, web};
use ipnet::IpNet;
use serde::Deserialize;

/// The proxies whose word about a client counts, besides those on this machine: addresses and
/// networks. An address being private is no reason to believe it: in an intranet everybody's is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Vec<String>")]
pub struct Proxies(Vec<IpNet>);

impl Proxies {
    /// Addresses and networks, such as `10.0.0.5` and `172.16.0.0/12`; otherwise which is neither.
    pub fn parse<'a>(words: impl IntoIterator<Item = &'a str>) -> Result<Proxies, String> {
        let words = words.into_iter().map(str::trim).filter(|word| !word.is_empty());
        let networks = words.map(|word| {
            let single = word.parse::<IpAddr>().ok().map(IpNet::from);
            single.or_else(|| word.parse().ok()).ok_or_else(|| {
                format!("{word} is neither an address nor a network such as 172.16.0.0/12")
            })
        });
        networks.collect::<Result<_, _>>().map(Proxies)
    }

    fn believes(&self, peer: IpAddr) -> bool {
        let peer = peer.to_canonical();
        peer.is_loopback() || self.0.iter().any(|network| network.contains(&peer))
    }
}

impl TryFrom<Vec<String>> for Proxies {
    type Error = String;

    fn try_from(words: Vec<String>) -> Result<Proxies, String> {
        Proxies::parse(words.iter().map(String::as_str))
    }
}

/// The address of whoever asked.
///
/// What a proxy in front of us says counts only when it is one we [trust](Proxies), and of several
/// addresses only the last one, which that proxy saw by itself: the others anybody may have written.
pub fn of(request: &HttpRequest) -> Option<IpAddr> {
    let peer = request.peer_addr()?.ip();
    let told = request.headers().get_all("x-forwarded-for").next_back();
    let told = told.and_then(|value| value.to_str().ok());
    let none = Proxies::default();
    let proxies = request.app_data::<web::Data<Proxies>>().map_or(&none, |data| data.get_ref());
    Some(client(proxies, peer, told))
}

/// [`of`] in letters, to be shown or counted by.
pub fn word_of(request: &HttpRequest) -> String {
    of(request).map_or_else(|| "unknown".to_owned(), |address| address.to_string())
}

/// The network of whoever asked: an IPv4 address, or the /64 an IPv6 address lies in, which is what
/// one household or one phone gets.
pub fn network_of(request: &HttpRequest) -> String {
    of(request).map_or_else(|| "unknown".to_owned(), network)
}

fn client(proxies: &Proxies, peer: IpAddr, told: Option<&str>) -> IpAddr {
    let last = told.and_then(|list| list.rsplit(',').next()?.trim().parse::<IpAddr>().ok());
    match last {
        Some(address) if proxies.believes(peer) => address.to_canonical(),
        _ => peer.to_canonical(),
    }
}

fn network(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(v4) => v4.to_string(),
        IpAddr::V6(v6) => {
            let upper = u128::from(v6) & !u128::from(u64::MAX);
            format!("{}/64", Ipv6Addr::from(upper))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn behind(proxies: &[&str], peer: &str, told: Option<&str>) -> String {
        let proxies = Proxies::parse(proxies.iter().copied()).unwrap();
        network(client(&proxies, peer.parse().unwrap(), told))
    }

    fn of(peer: &str, told: Option<&str>) -> String {
        behind(&[], peer, told)
    }

    #[test]
    fn a_proxy_is_believed_on_this_machine_and_only_what_it_saw() {
        assert_eq!(of("203.0.113.9", None), "203.0.113.9");
        assert_eq!(of("203.0.113.9", Some("198.51.100.1")), "203.0.113.9", "not a proxy of ours");
        assert_eq!(of("127.0.0.1", Some("198.51.100.1")), "198.51.100.1");
        assert_eq!(of("::1", Some("1.2.3.4, 198.51.100.1")), "198.51.100.1", "the last");
        assert_eq!(of("127.0.0.1", Some("nonsense")), "127.0.0.1");
        assert_eq!(of("::ffff:127.0.0.1", Some("198.51.100.1")), "198.51.100.1");
    }

    #[test]
    fn a_private_address_is_believed_only_when_it_was_named() {
        let told = Some("198.51.100.1");
        for peer in ["10.0.0.2", "192.168.1.7", "169.254.3.4", "172.17.0.2", "::ffff:10.0.0.2"] {
            assert_ne!(of(peer, told), "198.51.100.1", "{peer} may be anybody");
        }
        for peer in ["fd00::2", "fe80::2"] {
            assert_ne!(of(peer, told), "198.51.100.1", "{peer} may be anybody");
        }
        let named = ["10.0.0.2", " 172.16.0.0/12", "fd00::/64"];
        for peer in ["10.0.0.2", "::ffff:10.0.0.2", "172.17.0.2", "fd00::2", "127.0.0.1"] {
            assert_eq!(behind(&named, peer, told), "198.51.100.1", "{peer}");
        }
        for peer in ["10.0.0.3", "172.32.0.1", "fd00:0:0:1::2"] {
            assert_ne!(behind(&named, peer, told), "198.51.100.1", "{peer}");
        }
    }

    #[test]
    fn what_is_no_network_is_named() {
        for wrong in ["proxy.example", "10.0.0.0/33", "10.0.0"] {
            let refused = Proxies::parse([wrong]).unwrap_err();
            assert!(refused.contains(wrong), "{refused}");
        }
        assert_eq!(Proxies::parse(["", " "]), Ok(Proxies::default()));
    }

    #[test]
    fn one_household_is_one_network() {
        assert_eq!(of("2001:db8:1:2:3:4:5:6", None), "2001:db8:1:2::/64");
        assert_eq!(of("2001:db8:1:2:ffff::1", None), "2001:db8:1:2::/64");
        assert_ne!(of("2001:db8:1:3::1", None), "2001:db8:1:2::/64");
        assert_eq!(of("::ffff:203.0.113.9", None), "203.0.113.9");
    }
}
