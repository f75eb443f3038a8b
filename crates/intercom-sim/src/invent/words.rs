//! Word lists. Names and places are common ones; every address ends in a reserved domain.

/// The texts that invented objects share, the most frequent first.
pub(crate) fn all() -> impl Iterator<Item = &'static str> {
    let said = [ANSWERS, FOLLOW_UPS, QUESTIONS, FAREWELLS, ADMIN_MENTIONS, FALSE_FAREWELLS];
    let known = [EMPLOYERS, LANGUAGES, SERVICE_CODES, INTEGRATIONS, DEPARTMENTS, FEATURES];
    let places = PLACES.iter().flatten().copied();
    let remarks = REMARKS.iter().flat_map(|(_, remarks)| remarks.iter().copied());
    let lists = said.into_iter().chain(known).chain([ADMINS, HOSTILE_EMPLOYERS, HOSTILE_NAMES]);
    let texts = lists.flat_map(|list| list.iter().copied());
    texts.chain(BROWSERS.iter().flatten().copied()).chain(places).chain(remarks)
}

pub(super) const FIRST_NAMES: &[&str] = &[
    "Ada", "Ahmed", "Aiko", "Amara", "Anders", "Anya", "Beatriz", "Bilal", "Carlos", "Chiara",
    "Dana", "Daniel", "Devi", "Elif", "Emeka", "Erik", "Fatima", "Felix", "Gita", "Grace", "Hana",
    "Hugo", "Ines", "Ivan", "Jamal", "Jana", "Javier", "Jo", "Kavya", "Kenji", "Lars", "Leila",
    "Lin", "Lucas", "Maeve", "Marta", "Mateo", "Mina", "Nadia", "Noah", "Olga", "Omar", "Priya",
    "Quinn", "Rafael", "Rosa", "Sana", "Sven", "Tariq", "Tessa", "Uma", "Viktor", "Wren", "Yara",
    "Yusuf", "Zoe",
];

pub(super) const LAST_NAMES: &[&str] = &[
    "Abara",
    "Almeida",
    "Andersson",
    "Bauer",
    "Bianchi",
    "Brandt",
    "Castillo",
    "Chen",
    "Costa",
    "Dubois",
    "Eriksen",
    "Fofana",
    "Fischer",
    "Gallo",
    "Garcia",
    "Haddad",
    "Hansen",
    "Hughes",
    "Ito",
    "Ivanov",
    "Jansen",
    "Kaya",
    "Khan",
    "Kowalski",
    "Larsen",
    "Lindqvist",
    "Lopez",
    "Mbeki",
    "Meyer",
    "Moreau",
    "Murphy",
    "Nakamura",
    "Nguyen",
    "Novak",
    "Okafor",
    "Olsen",
    "Patel",
    "Pereira",
    "Petrov",
    "Quist",
    "Rahman",
    "Reyes",
    "Rossi",
    "Sato",
    "Schmidt",
    "Silva",
    "Singh",
    "Tanaka",
    "Torres",
    "Usman",
    "Varga",
    "Weber",
    "Wong",
    "Yilmaz",
    "Zhang",
    "Zimmermann",
];

/// Names that break what does not escape, trim, compare or cut correctly.
pub(super) const HOSTILE_NAMES: &[&str] = &[
    "<script>alert(1)</script>",
    "<b>Bold</b> & \"Quoted\"",
    "=HYPERLINK(\"https://example.com\",\"open\")",
    "=cmd|' /C calc'!A0",
    "+1 555 0100",
    "-2+3",
    "@SUM(A1:A9)",
    "Zoë 🦄 👩‍🚀 Müller",
    "שירה כהן",
    "محمد العلي",
    "王 小明",
    "Robert'); DROP TABLE contacts;--",
    "O’Neil, \"Pat\"; Jr.",
    "   padded   ",
    "tab\tand\nnewline",
    "Wolfeschlegelsteinhausenbergerdorff-Montgomery-Featherstonehaugh von und zu Hohenlohe-Langenburg",
];

pub(super) const EMPLOYERS: &[&str] = &[
    "Acme Rail",
    "Blue Harbor Health",
    "Cedar & Pine Foods",
    "Dune Logistics",
    "Edelweiss AG",
    "Fjord Energy",
    "Granite Bank",
    "Helios Solar",
    "Iris Optics",
    "Juniper Schools",
    "Kestrel Airways",
    "Lumen Media",
    "Müller & Söhne",
    "Northwind Mills",
    "Oak Street Insurance",
    "Pioneer Steel",
    "Quartz Labs",
    "Riverbend Hospitals",
    "Summit Outdoor",
    "Tidal Software",
    "Umbra Security",
    "Verde Farms",
    "Willow Retail",
    "Xenia Travel",
    "Yonder Telecom",
    "Zephyr Wind",
];

pub(super) const HOSTILE_EMPLOYERS: &[&str] =
    &["=1+1 Holdings", "Acme <i>Rail</i>", "  Granite Bank ", "Élan, Vital; Co."];

/// City, region, country, country code, continent code.
pub(super) const PLACES: &[[&str; 5]] = &[
    ["Albuquerque", "New Mexico", "United States", "USA", "NA"],
    ["Amsterdam", "North Holland", "Netherlands", "NLD", "EU"],
    ["Austin", "Texas", "United States", "USA", "NA"],
    ["Bengaluru", "Karnataka", "India", "IND", "AS"],
    ["Berlin", "Berlin", "Germany", "DEU", "EU"],
    ["Boston", "Massachusetts", "United States", "USA", "NA"],
    ["Cape Town", "Western Cape", "South Africa", "ZAF", "AF"],
    ["Chicago", "Illinois", "United States", "USA", "NA"],
    ["Denver", "Colorado", "United States", "USA", "NA"],
    ["Dublin", "Leinster", "Ireland", "IRL", "EU"],
    ["Lagos", "Lagos", "Nigeria", "NGA", "AF"],
    ["Lisbon", "Lisbon", "Portugal", "PRT", "EU"],
    ["London", "England", "United Kingdom", "GBR", "EU"],
    ["Melbourne", "Victoria", "Australia", "AUS", "OC"],
    ["Montréal", "Quebec", "Canada", "CAN", "NA"],
    ["New York", "New York", "United States", "USA", "NA"],
    ["Oslo", "Oslo", "Norway", "NOR", "EU"],
    ["São Paulo", "São Paulo", "Brazil", "BRA", "SA"],
    ["Seattle", "Washington", "United States", "USA", "NA"],
    ["Tokyo", "Tokyo", "Japan", "JPN", "AS"],
    ["Zürich", "Zurich", "Switzerland", "CHE", "EU"],
];

/// Browser, version, operating system.
pub(super) const BROWSERS: &[[&str; 3]] = &[
    ["chrome", "131.0.0.0", "Windows 10"],
    ["chrome", "130.0.6723.92", "OS X 10.15.7"],
    ["safari", "26.1", "OS X 10.15.7"],
    ["safari", "18.1", "iOS 18.1"],
    ["firefox", "132.0", "Ubuntu"],
    ["firefox", "128.0", "Windows 10"],
    ["edge", "131.0.2903.51", "Windows 10"],
    ["chrome mobile", "131.0.0.0", "Android 15"],
];

pub(super) const LANGUAGES: &[&str] = &["en", "en-US", "en-GB", "de", "fr", "pt-BR", "es", "ja"];

pub(super) const SERVICE_CODES: &[&str] = &["EAP-100", "EAP-200", "WEL-10", "WEL-20", "NUT-5"];

pub(super) const FEATURES: &[&str] =
    &["sso_attempted", "custom_branding", "audit_log", "api_access", "data_residency"];

pub(super) const INTEGRATIONS: &[&str] =
    &["slack", "asana", "jira", "figma", "dropbox", "google_drive", "zapier"];

pub(super) const DEPARTMENTS: &[&str] =
    &["Marketing", "Design", "Product", "Sales", "Legal", "Support", "Finance"];

pub(super) const TAGS: &[&str] = &[
    "VIP",
    "Trial",
    "Newsletter",
    "Beta",
    "Onboarding",
    "Billing question",
    "Feature request",
    "Bug",
    "Expansion: Team Size Limit",
    "Expansion: Storage Limit",
    "Expansion: Power User",
    "Expansion: Enterprise Feature Interest",
    "Churn Risk: Inactive 14 Days",
    "Imported",
];

pub(super) const ADMINS: &[&str] = &[
    "Alma Reyes",
    "Ben Okafor",
    "Chloe Martin",
    "Diego Santos",
    "Esther Lind",
    "Farid Aziz",
    "Greta Holm",
    "Hiro Abe",
    "Isla Byrne",
    "Jonas Keller",
    "Keiko Mori",
    "Lena Fuchs",
];

pub(super) const QUESTIONS: &[&str] = &[
    "<p>Hi, how do I invite a colleague to my workspace?</p>",
    "<p>The upload stops at 80 percent. Can you have a look?</p>",
    "<p>I would like to move my session to next Tuesday.</p>",
    "<p>Could you explain the last invoice?</p><p>The amount is higher than before.</p>",
    "<p>Is there a way to export all projects as CSV?</p>",
    "<p>My teammate cannot log in since this morning.</p>",
    "<p>We need single sign-on for about forty people. What does it cost?</p>",
    "<p>Thanks for the call yesterday, it helped a lot!</p>",
    "<p>Das Passwort lässt sich nicht zurücksetzen 😕</p>",
    "<p>Where can I see how much storage is left?</p>",
    "<p>I lost my notes &amp; comments after the update.</p>",
    "<p>Can I book two sessions in one week?</p>",
];

/// What contacts write who are about to leave.
pub(super) const FAREWELLS: &[&str] = &[
    "<p>Please cancel my subscription at the end of the month.</p>",
    "<p>We are switching to another vendor.</p>",
    "<p>I want to request a cancellation of our account.</p>",
    "<p>We won&#39;t renew next year.</p>",
    "<p>I’m cancelling because nobody uses it any more.</p>",
    "<p>Our team is leaving the platform, how do we get our data?</p>",
    "<p>We are not renewing. Who do I talk to?</p>",
    "<p>How do I CANCEL? The button is gone.</p>",
];

/// What contacts write that only looks like it.
pub(super) const FALSE_FAREWELLS: &[&str] = &[
    "<p>My noise cancelling headphones do not work in the call.</p>",
    "<p>Sorry, I cancelled my meeting for today, can we find another time?</p>",
    "<p>Please don't cancel anything, all is well.</p>",
    "<p>I am leaving a comment here so that you see it.</p>",
];

pub(super) const ANSWERS: &[&str] = &[
    "<p>Thanks for reaching out! I am looking into it.</p>",
    "<p>You find this under <b>Settings</b>, then <i>Team</i>.</p>",
    "<p>I have moved your session. See you then!</p>",
    "<p>Could you send me a screenshot?</p>",
    "<p>This should be fixed now, please try again.</p>",
    "<p>I have asked our engineers and will come back to you tomorrow.</p>",
];

/// What admins write that mentions leaving without anyone leaving.
pub(super) const ADMIN_MENTIONS: &[&str] = &[
    "<p>You can cancel or change your plan at any time under Billing.</p>",
    "<p>There is no cancellation fee.</p>",
    "<p>If you are not renewing, your data stays available for 30 days.</p>",
];

pub(super) const FOLLOW_UPS: &[&str] = &[
    "<p>That worked, thank you!</p>",
    "<p>Still the same error here.</p>",
    "<p>Great, see you on Tuesday.</p>",
    "<p>Here is what I see: the page stays white.</p>",
    "<p>Any news?</p>",
];

pub(super) const REMARKS: &[(i64, &[&str])] = &[
    (1, &["Nobody answered for three days.", "Useless 😡"]),
    (2, &["Took too long.", "Not solved"]),
    (3, &["ok", "Fine, I guess."]),
    (4, &["Quick answer, thanks", "Helpful"]),
    (5, &["Excellent coach!", "Solved in minutes 🎉", "=best support"]),
];
