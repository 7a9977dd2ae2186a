//! Where a request comes from, for limits that count by it.

use std::net::{IpAddr, Ipv6Addr};

use actix_web::HttpRequest;

/// The network of whoever asked: an IPv4 address, or the /64 an IPv6 address lies in, which is what
/// one household or one phone gets.
///
/// What a proxy in front of us says counts only when it stands beside us, on this machine or in a
/// private network, and of several addresses only the last one, which that proxy saw by itself: the
/// others anybody may have written.
pub fn network_of(request: &HttpRequest) -> String {
    let Some(peer) = request.peer_addr().map(|peer| peer.ip()) else {
        return "unknown".to_owned();
    };
    let told = request.headers().get_all("x-forwarded-for").next_back();
    let told = told.and_then(|value| value.to_str().ok());
    network(client(peer, told))
}

fn client(peer: IpAddr, told: Option<&str>) -> IpAddr {
    let last = told.and_then(|list| list.rsplit(',').next()?.trim().parse().ok());
    match last {
        Some(address) if is_beside_us(peer) => address,
        _ => peer,
    }
}

fn is_beside_us(peer: IpAddr) -> bool {
    match peer.to_canonical() {
        IpAddr::V4(v4) => v4.is_loopback() || v4.is_private() || v4.is_link_local(),
        IpAddr::V6(v6) => v6.is_loopback() || v6.is_unique_local() || v6.is_unicast_link_local(),
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

    fn of(peer: &str, told: Option<&str>) -> String {
        network(client(peer.parse().unwrap(), told))
    }

    #[test]
    fn a_proxy_is_believed_only_beside_us_and_only_what_it_saw() {
        assert_eq!(of("203.0.113.9", None), "203.0.113.9");
        assert_eq!(of("203.0.113.9", Some("198.51.100.1")), "203.0.113.9", "not a proxy of ours");
        assert_eq!(of("127.0.0.1", Some("198.51.100.1")), "198.51.100.1");
        assert_eq!(of("10.0.0.2", Some("1.2.3.4, 198.51.100.1")), "198.51.100.1", "the last");
        assert_eq!(of("127.0.0.1", Some("nonsense")), "127.0.0.1");
        assert_eq!(of("::ffff:127.0.0.1", Some("198.51.100.1")), "198.51.100.1");
    }

    #[test]
    fn one_household_is_one_network() {
        assert_eq!(of("2001:db8:1:2:3:4:5:6", None), "2001:db8:1:2::/64");
        assert_eq!(of("2001:db8:1:2:ffff::1", None), "2001:db8:1:2::/64");
        assert_ne!(of("2001:db8:1:3::1", None), "2001:db8:1:2::/64");
        assert_eq!(of("::ffff:203.0.113.9", None), "203.0.113.9");
    }
}
