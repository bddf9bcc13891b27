//! A domain as it should be, and every way in which it isn't.

use std::time::Duration;

use hickory_proto::op::ResponseCode;
use portal_dns::{Finding, Resolver, Sender, State, Unanswered, examine};

use crate::zone::{Server, Zone};

const DOMAIN: &str = "smith.example";
/// The beginning of a key.
const CUT: &str = "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA7jwZYLdc2HSMJzlxVhR5Q9TBQHgHP8Hg";

fn resolver(server: &Server) -> Resolver {
    Resolver::new(Some(server.address), Duration::from_secs(5)).unwrap()
}

fn sender() -> Sender {
    Sender { domain: DOMAIN.to_owned(), relay: None, selectors: Vec::new() }
}

/// A whole key, of 2048 bits.
fn key() -> String {
    use base64::{Engine, engine::general_purpose::STANDARD};
    let head = [0x30, 0x82, 1, 0x0a, 0x02, 0x82, 1, 1, 0].to_vec();
    STANDARD.encode([head, vec![0xc3; 256], vec![0x02, 3, 1, 0, 1]].concat())
}

/// A domain that leaves nothing to be desired, but for what is changed.
fn good() -> Zone {
    Zone::default()
        .mx(DOMAIN, 10, "mx.smith.example")
        .address("mx.smith.example", "192.0.2.25")
        .txt("_dmarc.smith.example", "v=DMARC1; p=reject; rua=mailto:dmarc@smith.example")
        .txt("default._domainkey.smith.example", &format!("v=DKIM1; k=rsa; p={}", key()))
}

fn spf(text: &str) -> Zone {
    good().txt(DOMAIN, "site-verification=1").txt(DOMAIN, text)
}

async fn look(zone: Zone, sender: &Sender) -> Vec<Finding> {
    examine(&resolver(&zone.serve()), sender).await
}

#[track_caller]
fn one<'a>(findings: &'a [Finding], check: &str) -> &'a Finding {
    let mut found = findings.iter().filter(|finding| finding.check == check);
    let first = found.next().unwrap_or_else(|| panic!("no {check}: {findings:#?}"));
    assert!(found.next().is_none(), "several {check}: {findings:#?}");
    first
}

#[track_caller]
fn says(finding: &Finding, state: State, said: &str) {
    let seen = finding.seen();
    assert!(finding.state == state && seen.contains(said), "{state:?} `{said}` expected: {finding:#?}");
    assert_eq!(finding.remedy().is_none(), state == State::Ok, "{finding:#?}");
}

#[tokio::test]
async fn a_domain_as_it_should_be() {
    let zone =
        spf("v=spf1 mx include:_spf.relay.example -all").txt("_spf.relay.example", "v=spf1 ip4:198.51.100.0/24 ~all");
    let zone = zone.address("out.relay.example", "198.51.100.7");
    let sender = Sender { relay: Some("out.relay.example".to_owned()), ..sender() };
    let findings = look(zone, &sender).await;
    let all: Vec<_> = findings.iter().map(|finding| (finding.check, finding.state)).collect();
    let ok = ["sender_domain", "spf", "spf_relay", "dkim", "dmarc"].map(|check| (check, State::Ok));
    assert_eq!(all, ok, "{findings:#?}");
    says(one(&findings, "sender_domain"), State::Ok, "goes to mx.smith.example");
    says(one(&findings, "spf"), State::Ok, "2 of 10 look-ups");
    says(one(&findings, "spf_relay"), State::Ok, "out.relay.example may send: 198.51.100.7");
    says(one(&findings, "dkim"), State::Ok, "2048 bits");
    says(one(&findings, "dmarc"), State::Ok, "says `reject`");
}

#[tokio::test]
async fn nothing_is_there() {
    let findings = look(Zone::default().address(DOMAIN, "192.0.2.1"), &sender()).await;
    says(one(&findings, "sender_domain"), State::Ok, "no MX record; its own address");
    says(one(&findings, "spf"), State::Fault, "no SPF record");
    says(one(&findings, "dkim"), State::Warning, "proves nothing");
    says(one(&findings, "dmarc"), State::Warning, "nor a domain above it has a DMARC record");

    let findings = look(Zone::default().txt("other.example", "x"), &sender()).await;
    says(one(&findings, "sender_domain"), State::Fault, "no such name");

    let findings =
        look(spf("v=spf1 -all").mx("x.example", 1, "."), &Sender { domain: "x.example".to_owned(), ..sender() }).await;
    says(one(&findings, "sender_domain"), State::Fault, "null MX");

    let findings = look(Zone::default().txt(DOMAIN, "v=spf-1 mx -all"), &sender()).await;
    says(one(&findings, "spf"), State::Fault, "`v=spf-1 mx -all` is no SPF record");
    says(one(&findings, "sender_domain"), State::Fault, "neither an MX record nor an address");

    let findings = look(Zone::default().mx(DOMAIN, 1, "gone.smith.example"), &sender()).await;
    says(one(&findings, "sender_domain"), State::Fault, "no such server has an address");
}

#[tokio::test]
async fn spf_records_that_receivers_make_errors_of() {
    let chain = |zone: Zone, length: usize| {
        let next = |at: usize| format!("v=spf1 include:s{}.example ~all", at + 1);
        (0..length).fold(zone, |zone, at| zone.txt(&format!("s{at}.example"), &next(at)))
    };
    for (zone, state, said) in [
        (spf("v=spf1 -all").txt(DOMAIN, "v=spf1 mx -all"), State::Fault, "2 SPF records"),
        (spf("v=spf1 ipv4:192.0.2.1 -all"), State::Fault, "`ipv4:192.0.2.1` is no mechanism"),
        (spf("v=spf1 include:none.example -all"), State::Fault, "none.example, where there is no SPF record"),
        (spf("v=spf1 redirect=none.example"), State::Fault, "none.example, where there is no SPF record"),
        (
            spf("v=spf1 include:t.example -all").txt("t.example", "v=spf1 ip4:x"),
            State::Fault,
            "t.example, whose record can't be used",
        ),
        (
            spf("v=spf1 include:t.example -all").txt("t.example", "v=spf1").txt("t.example", "v=spf1"),
            State::Fault,
            "which has 2 SPF records",
        ),
        (
            spf("v=spf1 include:f.example -all").failing("f.example", ResponseCode::ServFail),
            State::Fault,
            "f.example, which could not be looked at: the resolver says SERVFAIL",
        ),
        (
            chain(spf("v=spf1 include:s0.example -all"), 10).txt("s10.example", "v=spf1 ~all"),
            State::Fault,
            "it takes 11 look-ups",
        ),
        (
            chain(spf("v=spf1 include:s0.example -all"), 9).txt("s9.example", "v=spf1 ~all"),
            State::Ok,
            "10 of 10 look-ups",
        ),
        (spf("v=spf1 include:smith.example -all"), State::Fault, "look-ups, and receivers stop after 10"),
        (spf("v=spf1 a:x1.example a:x2.example a:x3.example -all"), State::Fault, "3 of them lead to nothing"),
        (spf("v=spf1 a:x1.example -all"), State::Warning, "x1.example, which has no address"),
        (spf("v=spf1 +all"), State::Fault, "lets everybody send"),
        (spf("v=spf1 ip4:0.0.0.0/0 -all"), State::Fault, "lets everybody send"),
        (
            spf("v=spf1 include:t.example -all").txt("t.example", "v=spf1 all"),
            State::Fault,
            "the record at t.example lets everybody send",
        ),
        (
            spf("v=spf1 redirect=t.example").txt("t.example", "v=spf1 mx ~all"),
            State::Warning,
            "t.example, which has no address",
        ),
        (spf("v=spf1 redirect=t.example").txt("t.example", "v=spf1 ip4:192.0.2.1 ~all"), State::Ok, "`~all`"),
        (spf("v=spf1 mx ?all"), State::Warning, "`?all`"),
        (spf("v=spf1 mx"), State::Warning, "nothing of all others"),
        (spf("v=spf1 ptr mx -all"), State::Warning, "uses `ptr`"),
        (spf("v=spf1 exists:%{i}._s.%{d} include:%{d2}.x.example -all"), State::Ok, "2 of 10 look-ups"),
        (
            (1..=10).fold(spf("v=spf1 mx:m.example -all"), |zone, at| zone.mx("m.example", at, "mx.smith.example")),
            State::Ok,
            "1 of 10",
        ),
    ] {
        let findings = look(zone, &sender()).await;
        says(one(&findings, "spf"), state, said);
    }
    let many = (1..=11).fold(spf("v=spf1 mx:m.example -all"), |zone, at| {
        zone.mx("m.example", at, &format!("m{at}.example")).address(&format!("m{at}.example"), "192.0.2.1")
    });
    says(one(&look(many, &sender()).await, "spf"), State::Fault, "leads to 11 servers");
}

#[tokio::test]
async fn the_relay_is_judged_where_its_addresses_say_anything() {
    let zone = || {
        spf("v=spf1 -ip4:192.0.2.13 a:a.example/24 mx//64 include:i.example exists:%{i}.x.example ?ip4:203.0.113.9 -all")
        .address("a.example", "192.0.2.1")
        .address("mx.smith.example", "2001:db8:1:2::1")
        .txt("i.example", "v=spf1 ip4:198.51.100.1 -ip4:203.0.113.0/24 ~all")
        .address("relay.example", "192.0.2.200")
        .address("relay.example", "2001:db8:1:2::9")
        .address("mixed.example", "198.51.100.1")
        .address("mixed.example", "192.0.2.13")
        .address("inside.example", "10.0.0.9")
    };
    for (relay, state, said) in [
        ("relay.example", State::Ok, "may send: 192.0.2.200, 2001:db8:1:2::9"),
        ("198.51.100.1", State::Ok, "may send: 198.51.100.1"),
        ("mixed.example", State::Warning, "mixed.example has addresses that may not: 192.0.2.13"),
        // Behind `exists` with macros nothing is certain any more.
        ("203.0.113.7", State::Ok, "can't be told from here: 203.0.113.7"),
    ] {
        let findings = look(zone(), &Sender { relay: Some(relay.to_owned()), ..sender() }).await;
        says(one(&findings, "spf_relay"), state, said);
    }
    for (relay, said) in [
        (Some("127.0.0.1"), "127.0.0.1 is in a network of your own"),
        (Some("localhost"), "localhost is in a network of your own"),
        (Some("inside.example"), "inside.example is in a network of your own"),
        (Some("none.example"), "the addresses of none.example are not in the DNS"),
        (None, "no mail server is configured"),
    ] {
        let findings = look(zone(), &Sender { relay: relay.map(str::to_owned), ..sender() }).await;
        assert!(!findings.iter().any(|finding| finding.check == "spf_relay"), "{findings:#?}");
        says(one(&findings, "spf"), State::Ok, said);
    }
}

#[tokio::test]
async fn selectors_are_looked_at_where_they_are_named() {
    let zone = || {
        spf("v=spf1 -all")
            .txt("old._domainkey.smith.example", "v=DKIM1; p=")
            .txt("cut._domainkey.smith.example", &format!("v=DKIM1; p={CUT}"))
            .failing("failing._domainkey.smith.example", ResponseCode::ServFail)
    };
    let named =
        |selectors: &[&str]| Sender { selectors: selectors.iter().map(|it| (*it).to_owned()).collect(), ..sender() };
    for (selector, state, said) in [
        ("default", State::Ok, "2048 bits"),
        ("old", State::Fault, "revoked"),
        ("cut", State::Fault, "can't be used"),
        ("none", State::Fault, "no key at none._domainkey.smith.example: there is no such name"),
        ("failing", State::Fault, "SERVFAIL"),
        ("a..b", State::Fault, "no name of the DNS"),
    ] {
        says(one(&look(zone(), &named(&[selector])).await, "dkim"), state, said);
    }
    let findings = look(zone(), &named(&["default", "old"])).await;
    let states: Vec<_> = findings.iter().filter(|it| it.check == "dkim").map(|it| it.state).collect();
    assert_eq!(states, [State::Ok, State::Fault]);
}

#[tokio::test]
async fn policies_are_found_above_the_domain_too() {
    let below = |domain: &str| Sender { domain: domain.to_owned(), ..sender() };
    let zone = || good().txt("mail.smith.example", "v=spf1 -all");
    says(
        one(&look(zone(), &below("a.mail.smith.example")).await, "dmarc"),
        State::Ok,
        "_dmarc.smith.example says `reject`",
    );
    let nearer = zone().txt("_dmarc.mail.smith.example", "v=DMARC1; p=none; sp=quarantine");
    says(one(&look(nearer.clone(), &below("a.mail.smith.example")).await, "dmarc"), State::Ok, "says `quarantine`");
    says(one(&look(nearer, &below("mail.smith.example")).await, "dmarc"), State::Warning, "says `none`");
    let other = zone().txt("_dmarc.a.mail.smith.example", "something else");
    says(one(&look(other, &below("a.mail.smith.example")).await, "dmarc"), State::Ok, "says `reject`");
    let twice = zone().txt("_dmarc.smith.example", "v=DMARC1; p=none");
    says(one(&look(twice, &sender()).await, "dmarc"), State::Fault, "2 records");
}

#[tokio::test]
async fn no_answer_is_told_from_no_record() {
    let broken = |code| Zone::default().failing(DOMAIN, code).failing("_dmarc.smith.example", code);
    let findings = look(broken(ResponseCode::ServFail), &sender()).await;
    for check in ["sender_domain", "spf", "dmarc"] {
        let finding = one(&findings, check);
        says(finding, State::Fault, "SERVFAIL");
        assert!(finding.remedy().unwrap().contains("DNSSEC"), "{finding:?}");
    }
    let findings = look(broken(ResponseCode::Refused), &sender()).await;
    says(one(&findings, "spf"), State::Fault, "Query Refused");
    assert!(one(&findings, "spf").remedy().unwrap().contains("PORTAL_DNS_RESOLVER"), "{findings:#?}");

    // Here it is the domain's servers that are silent; a whole examination ends all the same.
    let mut silent = Zone::default();
    silent.silent.push(DOMAIN.to_owned());
    let silent = silent.serve();
    let patience = Duration::from_millis(200);
    let resolver = Resolver::new(Some(silent.address), patience).unwrap();
    let findings = examine(&resolver, &sender()).await;
    for check in ["sender_domain", "spf", "dkim", "dmarc"] {
        says(one(&findings, check), State::Fault, "did not answer within 0.2 s");
    }
    assert_eq!(resolver.texts(DOMAIN).await, Err(Unanswered::Silent(patience)));

    // Nobody is there at all.
    let nobody = Resolver::new(Some("127.0.0.1:1".parse().unwrap()), patience).unwrap();
    let why = nobody.texts(DOMAIN).await.unwrap_err();
    assert!(!why.is_absence(), "{why:?}");
}

#[tokio::test]
async fn long_answers_come_over_tcp_and_in_one_piece() {
    let networks: String = (0..200).map(|at| format!(" ip4:192.0.2.{at}")).collect();
    let text = format!("v=spf1{networks} -all");
    let server = spf(&text).serve();
    assert!(resolver(&server).texts(DOMAIN).await.unwrap().contains(&text));
    assert!(server.asked().iter().filter(|asked| *asked == "smith.example TXT").count() > 1, "{:?}", server.asked());
}

#[tokio::test]
async fn nothing_is_asked_but_what_is_about_the_domain() {
    let server = spf("v=spf1 -all").serve();
    examine(&resolver(&server), &Sender { selectors: vec!["default".to_owned()], ..sender() }).await;
    let mut asked = server.asked();
    asked.sort();
    let expected = [
        "_dmarc.smith.example TXT",
        "default._domainkey.smith.example TXT",
        "mx.smith.example A",
        "mx.smith.example AAAA",
        "smith.example MX",
        "smith.example TXT",
    ];
    assert_eq!(asked, expected);
}
