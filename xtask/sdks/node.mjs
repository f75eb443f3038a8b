// The official Node SDK, installed in the folder that is the first argument, against the API at the
// address that is the second.

import { deepStrictEqual as equal, ok, rejects } from "node:assert";
import { createRequire } from "node:module";

const [folder, address] = process.argv.slice(2);
const { IntercomClient } = createRequire(`${folder}/`)("intercom-client");
const client = new IntercomClient({ baseUrl: address, token: "any" });
const kept = {};
const outcomes = [];

async function step(name, check) {
    try {
        await check();
        outcomes.push(true);
        console.log(`node: passed ${name}`);
    } catch (error) {
        outcomes.push(false);
        console.log(`node: FAILED ${name}: ${error.name}: ${error.message}`);
    }
}

async function all(pager) {
    const found = [];
    for await (const item of pager) found.push(item);
    return found;
}

/** So many items of a walk, which takes more pages than one; none of them comes twice. */
async function first(pager, count) {
    const found = [];
    for await (const item of pager) {
        found.push(item);
        if (found.length === count) break;
    }
    equal(found.length, count);
    return distinct(found);
}

function distinct(items) {
    equal(new Set(ids(items)).size, items.length);
    return items;
}

const ids = (items) => items.map((item) => item.id);
const values = (items, field) => [...new Set(items.map((item) => item[field]))];
const both = (...value) => ({ operator: "AND", value });

// The workspace.

await step("admins identify", async () => {
    const me = await client.admins.identify();
    equal(me.type, "admin");
    ok(me.app.id_code);
});

await step("admins list and find", async () => {
    kept.admin = (await client.admins.list()).admins[0];
    const found = await client.admins.find({ admin_id: Number(kept.admin.id) });
    equal(found.email, kept.admin.email);
});

await step("teams list and find", async () => {
    const [team] = (await client.teams.list()).teams;
    equal((await client.teams.find({ team_id: team.id })).name, team.name);
});

await step("segments list and find", async () => {
    const [segment] = (await client.segments.list({ include_count: true })).segments;
    equal((await client.segments.find({ segment_id: segment.id })).name, segment.name);
});

await step("data attributes create, update and list", async () => {
    const made = await client.dataAttributes.create({
        name: "node_pays_with",
        model: "contact",
        data_type: "options",
        options: [{ value: "paper" }, { value: "card" }],
    });
    equal([made.name, made.model, made.custom], ["node_pays_with", "contact", true]);
    const options = [{ value: "paper" }, { value: "card" }, { value: "coins" }];
    await client.dataAttributes.update({ data_attribute_id: made.id, body: { options } });
    const { data } = await client.dataAttributes.list({ model: "contact" });
    equal(data.find((known) => known.id === made.id).options, ["paper", "card", "coins"]);
});

// Contacts.

await step("contacts create a user and a lead", async () => {
    kept.user = await client.contacts.create({
        email: "ada@node.example",
        name: "Ada",
        external_id: "node-1",
        custom_attributes: { node_pays_with: "card" },
    });
    equal([kept.user.role, kept.user.email], ["user", "ada@node.example"]);
    equal(kept.user.custom_attributes.node_pays_with, "card");
    kept.lead = await client.contacts.create({ role: "lead", email: "ada@node.example" });
    equal([kept.lead.role, kept.lead.email], ["lead", "ada@node.example"]);
});

await step("contacts find by both ids", async () => {
    const found = await client.contacts.find({ contact_id: kept.user.id });
    equal(found.email, "ada@node.example");
    const same = await client.contacts.showContactByExternalId({ external_id: "node-1" });
    equal(same.id, kept.user.id);
});

await step("contacts update", async () => {
    const change = { contact_id: kept.user.id, name: "Ada L.", phone: "+15550101" };
    equal((await client.contacts.update(change)).name, "Ada L.");
    equal((await client.contacts.find({ contact_id: kept.user.id })).phone, "+15550101");
});

await step("contacts list, page by page", async () => {
    const pager = await client.contacts.list({ per_page: 10 });
    equal(pager.data.length, 10);
    equal(values(await first(pager, 25), "type"), ["contact"]);
});

await step("contacts search", async () => {
    const query = both(
        { field: "email", operator: "=", value: "ada@node.example" },
        { field: "role", operator: "=", value: "user" },
    );
    equal(ids(await all(await client.contacts.search({ query }))), [kept.user.id]);
});

await step("contacts search, page by page", async () => {
    const query = both(
        { field: "role", operator: "=", value: "user" },
        { field: "created_at", operator: ">", value: "0" },
    );
    const pager = await client.contacts.search({ query, pagination: { per_page: 5 } });
    equal(pager.data.length, 5);
    equal(values(await first(pager, 12), "role"), ["user"]);
});

await step("contacts tag and untag", async () => {
    const contact_id = kept.user.id;
    kept.tag = await client.tags.create({ name: "node" });
    equal((await client.tags.tagContact({ contact_id, id: kept.tag.id })).name, "node");
    equal(ids((await client.contacts.listAttachedTags({ contact_id })).data), [kept.tag.id]);
    const tag_id = kept.tag.id;
    equal((await client.tags.untagContact({ contact_id, tag_id })).id, tag_id);
    equal((await client.contacts.listAttachedTags({ contact_id })).data, []);
});

await step("contacts note", async () => {
    const contact_id = kept.user.id;
    const admin_id = kept.admin.id;
    const note = await client.notes.create({ contact_id, body: "Called.", admin_id });
    equal((await client.notes.find({ note_id: Number(note.id) })).body, note.body);
    equal(ids(await all(await client.notes.list({ contact_id }))), [note.id]);
});

await step("contacts subscriptions and segments", async () => {
    const contact_id = kept.user.id;
    equal((await client.contacts.listAttachedSubscriptions({ contact_id })).data, []);
    equal((await client.contacts.listAttachedSegments({ contact_id })).type, "list");
});

await step("contacts archive and unarchive", async () => {
    const contact_id = kept.user.id;
    equal((await client.contacts.archive({ contact_id })).archived, true);
    equal((await client.contacts.unarchive({ contact_id })).archived, false);
    equal((await client.contacts.find({ contact_id })).id, contact_id);
});

await step("contacts merge a lead into a user", async () => {
    const [from, into] = [kept.lead.id, kept.user.id];
    const merged = await client.contacts.mergeLeadInUser({ from, into });
    equal([merged.id, merged.role], [into, "user"]);
    const isGone = ({ statusCode }) => statusCode === 404 || statusCode === 410;
    await rejects(client.contacts.find({ contact_id: from }), isGone);
});

// Companies.

await step("companies create, update and find", async () => {
    const fields = { company_id: "node-co", name: "Node Co." };
    kept.company = await client.companies.createOrUpdate(fields);
    equal([kept.company.type, kept.company.company_id], ["company", "node-co"]);
    const change = { company_id: "node-co", plan: "Gold", size: 7 };
    equal((await client.companies.createOrUpdate(change)).id, kept.company.id);
    const company_id = kept.company.id;
    const body = { website: "https://node.example" };
    equal((await client.companies.update({ company_id, body })).plan.name, "Gold");
    equal((await client.companies.find({ company_id })).website, "https://node.example");
    equal((await client.companies.retrieve({ company_id: "node-co" })).id, company_id);
});

await step("companies attach and detach a contact", async () => {
    const [contact_id, company_id] = [kept.user.id, kept.company.id];
    equal((await client.companies.attachContact({ contact_id, id: company_id })).id, company_id);
    equal(ids((await client.companies.listAttachedContacts({ company_id })).data), [contact_id]);
    // This SDK reads the list under another name than the official examples have.
    const companies = await client.contacts.listAttachedCompanies({ contact_id });
    equal(ids(companies.response.data), [company_id]);
    equal((await client.companies.listAttachedSegments({ company_id })).type, "list");
    equal((await client.companies.detachContact({ contact_id, company_id })).id, company_id);
    equal((await client.companies.listAttachedContacts({ company_id })).data, []);
});

await step("companies tag and untag", async () => {
    const { id } = kept.company;
    equal((await client.tags.create({ name: "node", companies: [{ id }] })).id, kept.tag.id);
    equal(ids((await client.companies.find({ company_id: id })).tags.tags), [kept.tag.id]);
    const companies = [{ id, untag: true }];
    equal((await client.tags.create({ name: "node", companies })).id, kept.tag.id);
});

await step("companies list, page by page", async () => {
    const pager = await client.companies.list({ per_page: 10 });
    equal(pager.data.length, 10);
    await first(pager, 25);
});

await step("companies scroll to the end", async () => {
    const found = [];
    // An empty page ends a scroll, and this SDK leaves it to the caller to stop there.
    let page = await client.companies.scroll();
    while (page.data.length > 0) {
        found.push(...page.data);
        page = await page.getNextPage();
    }
    distinct(found);
    // The list leaves out companies without contacts, such as this one.
    equal(found.find((company) => company.id === kept.company.id).name, "Node Co.");
    ok(found.length > (await client.companies.list()).response.total_count);
});

await step("companies delete", async () => {
    equal((await client.companies.delete({ company_id: kept.company.id })).deleted, true);
});

// Conversations.

await step("conversations create and find", async () => {
    const from = { type: "user", id: kept.user.id };
    const message = await client.conversations.create({ from, body: "Hello from Node" });
    kept.conversation = message.conversation_id;
    const found = await client.conversations.find({
        conversation_id: kept.conversation,
        display_as: "plaintext",
    });
    equal([found.state, found.source.body], ["open", "Hello from Node"]);
    equal(ids(found.contacts.contacts), [kept.user.id]);
});

await step("conversations update", async () => {
    const change = { conversation_id: kept.conversation, read: true };
    equal((await client.conversations.update(change)).read, true);
});

await step("conversations list, page by page", async () => {
    const pager = await client.conversations.list({ per_page: 10 });
    equal(pager.data.length, 10);
    equal(values(await first(pager, 25), "type"), ["conversation"]);
});

await step("conversations search, page by page", async () => {
    const own = { field: "contact_ids", operator: "=", value: kept.user.id };
    equal(ids(await all(await client.conversations.search({ query: own }))), [kept.conversation]);
    const query = both(
        { field: "open", operator: "=", value: true },
        { field: "created_at", operator: ">", value: 0 },
    );
    const pager = await client.conversations.search({ query, pagination: { per_page: 5 } });
    equal(values(await first(pager, 12), "open"), [true]);
});

async function reply(conversation_id, body) {
    const answered = await client.conversations.reply({ conversation_id, body });
    return answered.conversation_parts.conversation_parts.at(-1);
}

await step("conversations reply as admin", async () => {
    const part = await reply(kept.conversation, {
        message_type: "comment",
        type: "admin",
        admin_id: kept.admin.id,
        body: "Welcome",
    });
    equal([part.part_type, part.author.type, part.body], ["comment", "admin", "<p>Welcome</p>"]);
});

await step("conversations reply as contact", async () => {
    const body = {
        message_type: "comment",
        type: "user",
        intercom_user_id: kept.user.id,
        body: "Thanks",
    };
    const { author } = await reply(kept.conversation, body);
    equal([author.type, author.id], ["user", kept.user.id]);
    equal((await reply("last", body)).body, "<p>Thanks</p>");
});

const manage = (body) =>
    client.conversations.manage({
        conversation_id: kept.conversation,
        body: { admin_id: kept.admin.id, ...body },
    });

await step("conversations assign", async () => {
    const assignee_id = kept.admin.id;
    const assigned = await manage({ message_type: "assignment", type: "admin", assignee_id });
    equal(String(assigned.admin_assignee_id), String(assignee_id));
});

await step("conversations snooze, close and open", async () => {
    const snoozed_until = kept.user.created_at + 864_000;
    equal((await manage({ message_type: "snoozed", snoozed_until })).state, "snoozed");
    equal((await manage({ message_type: "close", type: "admin", body: "Bye" })).state, "closed");
    equal((await manage({ message_type: "open" })).state, "open");
});

await step("conversations tag and untag", async () => {
    const [conversation_id, tag_id, admin_id] = [kept.conversation, kept.tag.id, kept.admin.id];
    const tagged = await client.tags.tagConversation({ conversation_id, id: tag_id, admin_id });
    equal(tagged.id, tag_id);
    equal(ids((await client.conversations.find({ conversation_id })).tags.tags), [tag_id]);
    const untagged = await client.tags.untagConversation({ conversation_id, tag_id, admin_id });
    equal(untagged.id, tag_id);
});

await step("conversations attach and detach a contact", async () => {
    const { id } = await client.contacts.create({ email: "grace@node.example" });
    const [conversation_id, admin_id] = [kept.conversation, kept.admin.id];
    const customer = { intercom_user_id: id };
    const joined = await client.conversations.attachContactAsAdmin({
        conversation_id,
        admin_id,
        customer,
    });
    equal(ids(joined.contacts.contacts).sort(), [kept.user.id, id].sort());
    const left = await client.conversations.detachContactAsAdmin({
        conversation_id,
        contact_id: id,
        admin_id,
    });
    equal(ids(left.contacts.contacts), [kept.user.id]);
});

await step("conversations delete", async () => {
    const conversation_id = Number(kept.conversation);
    const deleted = await client.conversations.deleteConversation({ conversation_id });
    equal([deleted.id, deleted.deleted], [kept.conversation, true]);
});

await step("messages create", async () => {
    const message = await client.messages.create({
        message_type: "in_app",
        body: "Hello",
        from: { type: "admin", id: Number(kept.admin.id) },
        to: { type: "user", id: kept.user.id },
    });
    equal(message.body, "Hello");
});

// Events.

await step("events create", async () => {
    for (const second of [0, 1, 2]) {
        await client.events.create({
            id: kept.user.id,
            event_name: "paid",
            created_at: kept.user.created_at + second,
            metadata: { invoice: String(second) },
        });
    }
});

await step("events list and summarise", async () => {
    const whose = { type: "user", intercom_user_id: kept.user.id };
    const { events } = await client.events.list(whose);
    equal(events.map((event) => event.event_name), ["paid", "paid", "paid"]);
    const summary = await client.events.list({ ...whose, summary: true });
    equal(summary.events.map((event) => [event.name, event.count]), [["paid", 3]]);
});

// What is left behind.

await step("tags list, find and delete", async () => {
    const tag_id = kept.tag.id;
    const { data } = await client.tags.list();
    equal(data.find((tag) => tag.id === tag_id).name, "node");
    equal((await client.tags.find({ tag_id })).name, "node");
    await client.tags.delete({ tag_id });
});

await step("contacts delete", async () => {
    equal((await client.contacts.delete({ contact_id: kept.user.id })).deleted, true);
});

const failed = outcomes.filter((passed) => !passed).length;
console.log(`${outcomes.length - failed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
