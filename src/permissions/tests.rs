//! Tests of narrowed lists against a model of the check that POSIX describes, for all users and groups.

use proptest::prelude::*;

use super::acl::{Acl, Owner};

/// The numbers of users and groups, which count from 0. No list names the last one.
const USERS: u32 = 5;
const GROUPS: u32 = 4;

/// A process that asks for access.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Subject {
    user: u32,
    /// The groups, as a set of bits.
    groups: u32,
}

impl Subject {
    fn is_in(self, group: u32) -> bool {
        self.groups & 1 << group != 0
    }

    fn all() -> impl Iterator<Item = Subject> {
        let users = 0..USERS;
        users.flat_map(|user| (0..1 << GROUPS).map(move |groups| Subject { user, groups }))
    }
}

/// Returns `true` if all of `want` is granted at once. This is the algorithm of acl(5), section "Access
/// check algorithm", step by step.
fn grants(acl: &Acl, owner: Owner, subject: Subject, want: u32) -> bool {
    let covers = |access: u32| access & want == want;
    let mask = acl.mask.unwrap_or(0o7);
    if subject.user == owner.user {
        return covers(acl.user);
    }
    if let Some((_, access)) = acl.users.iter().find(|(id, _)| *id == subject.user) {
        return covers(access & mask);
    }
    let named = acl.groups.iter().filter(|(id, _)| subject.is_in(*id));
    let own = subject.is_in(owner.group).then_some(acl.group);
    let mut groups = named.map(|(_, access)| *access).chain(own).peekable();
    if groups.peek().is_some() {
        return groups.any(|access| covers(access & mask));
    }
    covers(acl.other)
}

/// Returns a subject and an access that the new file allows and the old one does not. The new owner does
/// not count.
fn gains(old: (&Acl, Owner), new: (&Acl, Owner)) -> Option<(Subject, u32)> {
    let subjects = Subject::all().filter(|subject| {
        let becomes_owner = new.1.user != old.1.user && subject.user == new.1.user;
        !becomes_owner
    });
    let mut cases = subjects.flat_map(|subject| (1..=7).map(move |want| (subject, want)));
    cases.find(|(subject, want)| {
        grants(new.0, new.1, *subject, *want) && !grants(old.0, old.1, *subject, *want)
    })
}

fn owners() -> impl Strategy<Value = Owner> {
    (0..USERS - 1, 0..GROUPS - 1).prop_map(|(user, group)| Owner { user, group })
}

fn named(ids: u32) -> impl Strategy<Value = Vec<(u32, u32)>> {
    proptest::collection::vec((0..ids - 1, 0..=7_u32), 0..4)
}

fn lists() -> impl Strategy<Value = Acl> {
    let accesses = (0..=7_u32, 0..=7_u32, 0..=7_u32);
    // Most masks hide little. Otherwise, nobody could do anything in most cases.
    let mask = prop_oneof![3 => Just(7), 1 => 0..=7_u32];
    let parts = (accesses, named(USERS), named(GROUPS), mask, any::<bool>());
    parts.prop_map(|((user, group, other), users, groups, mask, masked)| Acl {
        user,
        group,
        other,
        mask: (masked || !users.is_empty() || !groups.is_empty()).then_some(mask),
        users,
        groups,
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    #[test]
    fn a_mode_allows_nobody_more(acl in lists(), owner in owners()) {
        let mode = Acl::of_mode(acl.as_mode());
        prop_assert_eq!(gains((&acl, owner), (&mode, owner)), None);
    }

    /// Any further bit would allow somebody more.
    #[test]
    fn a_mode_is_not_narrower_than_it_must(mut acl in lists(), owner in owners()) {
        // Entries that hide each other all count, so duplicates are removed.
        for (named, own) in [(&mut acl.users, owner.user), (&mut acl.groups, owner.group)] {
            let mut seen = std::collections::HashSet::from([own]);
            named.retain(|(id, _)| seen.insert(*id));
        }
        let mode = acl.as_mode();
        for bit in (0..6).map(|shift| 1 << shift).filter(|bit| mode & bit == 0) {
            let wider = Acl::of_mode(mode | bit);
            prop_assert!(gains((&acl, owner), (&wider, owner)).is_some(), "{mode:o} | {bit:o}");
        }
    }

    #[test]
    fn another_owner_allows_nobody_more(acl in lists(), old in owners(), new in owners()) {
        let given = acl.given_to(old, new);
        prop_assert_eq!(gains((&acl, old), (&given, new)), None);
        let mode = Acl::of_mode(given.as_mode());
        prop_assert_eq!(gains((&acl, old), (&mode, new)), None);
    }

    #[test]
    fn the_same_owner_loses_nothing(acl in lists(), owner in owners()) {
        prop_assert_eq!(acl.given_to(owner, owner), acl);
    }

    /// The modes of most files stay as they are.
    #[test]
    fn a_mode_for_all_alike_stays(old in owners(), new in owners()) {
        for mode in [0o644, 0o755, 0o600, 0o700, 0o666, 0o444] {
            prop_assert_eq!(Acl::of_mode(mode).given_to(old, new).as_mode(), mode);
        }
    }

    #[test]
    fn a_mode_stands_for_itself(mode in 0..=0o777_u32) {
        prop_assert_eq!(Acl::of_mode(mode).as_mode(), mode);
    }
}

#[cfg(any(target_os = "linux", target_os = "android"))]
mod stored {
    use super::super::acl::stored::{decode, encode};
    use super::*;

    proptest! {
        #[test]
        fn a_list_is_read_as_it_was_written(acl in lists()) {
            prop_assert_eq!(decode(&encode(&acl)), Some(acl));
        }

        #[test]
        fn any_bytes_are_a_list_or_not(bytes: Vec<u8>) {
            let value = [&2_u32.to_le_bytes()[..], &bytes].concat();
            decode(&bytes);
            decode(&value);
        }
    }

    /// As `getfattr -e hex` shows it for `setfacl -m u:1003:rw,g::-,o::- file`.
    #[test]
    fn a_list_as_the_kernel_shows_it() {
        let entries = [
            (0x01, 6, u32::MAX),
            (0x02, 6, 1003),
            (0x04, 0, u32::MAX),
            (0x10, 6, u32::MAX),
            (0x20, 0, u32::MAX),
        ];
        let mut value = vec![2, 0, 0, 0];
        for (tag, access, id) in entries {
            value.extend([tag, 0, access, 0]);
            value.extend(u32::to_le_bytes(id));
        }
        let acl = Acl {
            users: vec![(1003, 6)],
            mask: Some(6),
            ..Acl::of_mode(0o600)
        };
        assert_eq!(decode(&value).as_ref(), Some(&acl));
        assert_eq!(encode(&acl), value);
        // A user is named, but there is no mask.
        value.drain(28..36);
        assert_eq!(decode(&value), None);
    }
}
