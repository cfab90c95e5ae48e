//! The network part of the policy.

use std::net::SocketAddr;
use wasmstone_policy::{Addresses, Grants, Names, Network, Policy, Reach, Remote};

fn address(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

fn listed(listen: &[&str], connect: &[&str], lookup: &[&str]) -> Network {
    Network::Listed(Addresses {
        listen: listen.iter().map(|text| address(text)).collect(),
        connect: connect.iter().map(|text| text.parse().unwrap()).collect(),
        lookup: Names::Listed(lookup.iter().map(|name| (*name).to_owned()).collect()),
    })
}

fn admits(policy: &Network, granted: Network) -> bool {
    let policy = Policy { network: policy.clone(), ..Policy::open() };
    let grants = Grants { network: granted.clone(), ..Grants::default() };
    let admitted = policy.admit(grants);
    admitted.is_ok_and(|admitted| admitted.network == granted)
}

#[test]
fn grants_stay_within_the_policy() {
    let some = listed(&["0.0.0.0:80", "[::1]:0"], &["10.0.0.1:443", "Example.org:443"], &["example.com"]);
    for policy in [Network::Any, Network::Denied, some.clone()] {
        assert!(admits(&policy, Network::Denied));
        assert_eq!(admits(&policy, Network::Any), policy == Network::Any);
        assert_eq!(admits(&policy, some.clone()), policy != Network::Denied);
    }
    for (listen, connect, lookup, expected) in [
        (&["127.0.0.1:80", "[::1]:0"][..], &[][..], &[][..], true),
        (&["[::]:80"], &[], &[], false),
        (&["127.0.0.1:81"], &[], &[], false),
        (&["[::]:0"], &[], &[], false),
        (&[], &["10.0.0.1:443", "Example.org:443"], &[], true),
        (&[], &["10.0.0.1:80"], &[], false),
        (&[], &["example.net:443"], &[], false),
        (&[], &["Example.org:80"], &[], false),
        (&[], &[], &["example.org", "EXAMPLE.com"], true),
        (&[], &[], &["example.net"], false),
    ] {
        let granted = listed(listen, connect, lookup);
        assert_eq!(admits(&some, granted.clone()), expected, "{granted:?}");
    }
    let every_name = Addresses { listen: Vec::new(), connect: Vec::new(), lookup: Names::Any };
    assert!(!admits(&some, Network::Listed(every_name)));
}

#[test]
fn listed_addresses_can_be_reached() {
    let reach = Reach::new(listed(&["0.0.0.0:80", "[::1]:0"], &["10.0.0.1:443"], &[]));
    for (text, listens) in [
        ("127.0.0.1:80", true),
        ("0.0.0.0:80", true),
        ("127.0.0.1:81", false),
        ("127.0.0.1:0", false),
        ("[::1]:0", true),
        ("[::]:0", false),
        ("[::1]:80", false),
    ] {
        assert_eq!(reach.listen(address(text)), listens, "{text}");
    }
    // The near end of a connection may have any port that the system chooses.
    assert!(reach.bind(address("127.0.0.1:0")) && !reach.bind(address("127.0.0.1:81")));
    assert!(!Reach::new(listed(&["0.0.0.0:80"], &[], &[])).bind(address("127.0.0.1:0")));
    assert!(reach.connect(address("10.0.0.1:443")));
    assert!(!reach.connect(address("10.0.0.1:80")) && !reach.connect(address("10.0.0.2:443")));
}

#[test]
fn a_name_is_what_a_lookup_of_it_answered() {
    let mut reach = Reach::new(listed(&[], &["example.org:443"], &["example.com"]));
    for (name, allowed) in [
        ("example.org", true),
        ("EXAMPLE.ORG.", true),
        ("example.com", true),
        ("www.example.org", false),
        ("10.0.0.1", true),
    ] {
        assert_eq!(reach.lookup(name), allowed, "{name}");
    }
    assert!(!reach.connect(address("10.0.0.1:443")));
    reach.learn("example.com", address("10.0.0.2:0").ip());
    reach.learn("Example.Org", address("10.0.0.1:0").ip());
    assert!(reach.connect(address("10.0.0.1:443")));
    assert!(!reach.connect(address("10.0.0.1:80")) && !reach.connect(address("10.0.0.2:443")));
}

#[test]
fn what_is_remembered_of_lookups_is_bounded() {
    let mut reach = Reach::new(listed(&[], &["example.org:443"], &[]));
    for number in 0..5000u32 {
        reach.learn("example.org", std::net::Ipv4Addr::from(number).into());
    }
    let known = (0..5000u32).filter(|number| reach.connect((std::net::Ipv4Addr::from(*number), 443).into())).count();
    assert_eq!(known, 1024);
}

#[test]
fn everything_and_nothing() {
    let (any, denied) = (Reach::new(Network::Any), Reach::new(Network::Denied));
    let somewhere = address("192.0.2.1:80");
    assert!(any.listen(somewhere) && any.bind(somewhere) && any.connect(somewhere) && any.lookup("x") && any.is_any());
    assert!(!denied.listen(somewhere) && !denied.bind(somewhere) && !denied.connect(somewhere) && !denied.lookup("x"));
}

#[test]
fn an_address_to_connect_to_has_a_host_and_a_port() {
    assert_eq!("10.0.0.1:5".parse(), Ok(Remote::Address(address("10.0.0.1:5"))));
    assert_eq!("[::1]:5".parse(), Ok(Remote::Address(address("[::1]:5"))));
    assert_eq!("example.org:443".parse(), Ok(Remote::Name("example.org".into(), 443)));
    for bad in ["", "example.org", ":443", "example.org:", "example.org:0", "http://example.org:80", "a b:1", "::1:80"]
    {
        assert!(bad.parse::<Remote>().is_err(), "{bad}");
    }
}
