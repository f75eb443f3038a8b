"""The official Python SDK against the API at the address that is the only argument."""

import itertools
import sys
import types

import intercom
from intercom.conversations.types import (
    ConversationsManageRequestBody_Assignment,
    ConversationsManageRequestBody_Close,
    ConversationsManageRequestBody_Open,
    ConversationsManageRequestBody_Snoozed,
    CreateConversationRequestFrom,
)
from intercom.core.api_error import ApiError

client = intercom.Intercom(base_url=sys.argv[1], token="any")
kept = types.SimpleNamespace()
outcomes = []


def step(name):
    def run(check):
        try:
            check()
        except Exception as error:  # Whatever goes wrong, the next step is worth a try.
            outcomes.append(False)
            print(f"python: FAILED {name}: {type(error).__name__}: {error}")
        else:
            outcomes.append(True)
            print(f"python: passed {name}")

    return run


def equal(found, expected):
    if found != expected:
        raise AssertionError(f"{found!r} where {expected!r} was expected")


def present(value):
    if not value:
        raise AssertionError("nothing came back")
    return value


def distinct(items):
    equal(len({item.id for item in items}), len(items))
    return items


def first(pager, count):
    """So many items of a walk, which takes more pages than one; none of them comes twice."""
    found = list(itertools.islice(pager, count))
    equal(len(found), count)
    return distinct(found)


def single(field, operator, value):
    return intercom.SingleFilterSearchRequest(field=field, operator=operator, value=value)


def both(*filters):
    return intercom.MultipleFilterSearchRequest(operator="AND", value=list(filters))


def searched(resource, query, count):
    """The same for a search; this SDK leaves it to the caller to send the cursor."""
    found, after = [], None
    while len(found) < count:
        paging = intercom.StartingAfterPaging(per_page=5, starting_after=after)
        page = resource.search(query=query, pagination=paging)
        equal(len(page.items), 5)
        found += page.items
        after = present(page.response.pages.next.starting_after)
    return distinct(found)


# The workspace.


@step("admins identify")
def _():
    kept.me = client.admins.identify()
    equal(kept.me.type, "admin")
    present(kept.me.app.id_code)


@step("admins list and find")
def _():
    kept.admin = present(client.admins.list().admins)[0]
    equal(client.admins.find(int(kept.admin.id)).email, kept.admin.email)


@step("teams list and find")
def _():
    team = present(client.teams.list().teams)[0]
    equal(client.teams.find(team.id).name, team.name)


@step("segments list and find")
def _():
    segment = present(client.segments.list(include_count=True).segments)[0]
    equal(client.segments.find(segment.id).name, segment.name)


@step("data attributes create, update and list")
def _():
    made = client.data_attributes.create(
        request=intercom.CreateDataAttributeRequestOptions(
            data_type="options",
            options=[{"value": "paper"}, {"value": "card"}],
            name="python_pays_with",
            model="contact",
        )
    )
    equal((made.name, made.model, made.custom), ("python_pays_with", "contact", True))
    options = [{"value": "paper"}, {"value": "card"}, {"value": "coins"}]
    update = intercom.UpdateDataAttributeRequestOptions(options=options)
    equal(client.data_attributes.update(made.id, request=update).id, made.id)
    listed = client.data_attributes.list(model="contact").data
    equal([known.options for known in listed if known.id == made.id], [["paper", "card", "coins"]])


# Contacts.


@step("contacts create a user and a lead")
def _():
    request = intercom.CreateContactRequestWithEmail(
        email="ada@python.example",
        name="Ada",
        external_id="python-1",
        custom_attributes={"python_pays_with": "card"},
    )
    kept.user = client.contacts.create(request=request)
    equal((kept.user.role, kept.user.email), ("user", "ada@python.example"))
    equal(kept.user.custom_attributes["python_pays_with"], "card")
    request = intercom.CreateContactRequestWithRole(role="lead", email="ada@python.example")
    kept.lead = client.contacts.create(request=request)
    equal((kept.lead.role, kept.lead.email), ("lead", "ada@python.example"))


@step("contacts find by both ids")
def _():
    equal(client.contacts.find(kept.user.id).email, "ada@python.example")
    equal(client.contacts.show_contact_by_external_id("python-1").id, kept.user.id)


@step("contacts update")
def _():
    equal(client.contacts.update(kept.user.id, name="Ada L.", phone="+15550100").name, "Ada L.")
    equal(client.contacts.find(kept.user.id).phone, "+15550100")


@step("contacts list, page by page")
def _():
    pager = client.contacts.list(per_page=10)
    equal(len(pager.items), 10)
    equal({item.type for item in first(pager, 25)}, {"contact"})


@step("contacts search")
def _():
    query = both(single("email", "=", "ada@python.example"), single("role", "=", "user"))
    equal([item.id for item in client.contacts.search(query=query)], [kept.user.id])


@step("contacts search, page by page")
def _():
    query = both(single("role", "=", "user"), single("created_at", ">", 0))
    equal({item.role for item in searched(client.contacts, query, 12)}, {"user"})


@step("contacts tag and untag")
def _():
    kept.tag = client.tags.create(request=intercom.CreateOrUpdateTagRequest(name="python"))
    equal(client.tags.tag_contact(kept.user.id, tag_id=kept.tag.id).name, "python")
    attached = client.contacts.list_attached_tags(kept.user.id).data
    equal([tag.id for tag in attached], [kept.tag.id])
    equal(client.tags.untag_contact(kept.user.id, kept.tag.id).id, kept.tag.id)
    equal(client.contacts.list_attached_tags(kept.user.id).data, [])


@step("contacts note")
def _():
    note = client.notes.create(kept.user.id, body="Called.", admin_id=kept.admin.id)
    equal(client.notes.find(int(note.id)).body, note.body)
    equal([known.id for known in client.notes.list(kept.user.id)], [note.id])


@step("contacts subscriptions and segments")
def _():
    equal(client.contacts.list_attached_subscriptions(kept.user.id).data, [])
    equal(client.contacts.list_attached_segments(kept.user.id).type, "list")


@step("contacts archive and unarchive")
def _():
    equal(client.contacts.archive(kept.user.id).archived, True)
    equal(client.contacts.unarchive(kept.user.id).archived, False)
    equal(client.contacts.find(kept.user.id).id, kept.user.id)


@step("contacts merge a lead into a user")
def _():
    merged = client.contacts.merge_lead_in_user(lead_id=kept.lead.id, contact_id=kept.user.id)
    equal((merged.id, merged.role), (kept.user.id, "user"))
    try:
        client.contacts.find(kept.lead.id)
    except ApiError as error:
        equal(error.status_code in (404, 410), True)
        return
    raise AssertionError("the lead is still there")


# Companies.


@step("companies create, update and find")
def _():
    request = intercom.CreateOrUpdateCompanyRequest(company_id="python-co", name="Python Co.")
    kept.company = client.companies.create_or_update(request=request)
    equal((kept.company.type, kept.company.company_id), ("company", "python-co"))
    request = intercom.CreateOrUpdateCompanyRequest(company_id="python-co", plan="Gold", size=7)
    equal(client.companies.create_or_update(request=request).id, kept.company.id)
    request = intercom.UpdateCompanyRequestBody(website="https://python.example")
    equal(client.companies.update(kept.company.id, request=request).plan.name, "Gold")
    equal(client.companies.find(kept.company.id).website, "https://python.example")
    equal(client.companies.retrieve(company_id="python-co").id, kept.company.id)


@step("companies attach and detach a contact")
def _():
    attached = client.companies.attach_contact(kept.user.id, company_id=kept.company.id)
    equal(attached.id, kept.company.id)
    contacts = client.companies.list_attached_contacts(kept.company.id).data
    equal([contact.id for contact in contacts], [kept.user.id])
    # This SDK reads the list under another name than the official examples have.
    companies = client.contacts.list_attached_companies(kept.user.id).response.data
    equal([company["id"] for company in companies], [kept.company.id])
    equal(client.companies.list_attached_segments(kept.company.id).type, "list")
    detached = client.companies.detach_contact(kept.user.id, kept.company.id)
    equal(detached.id, kept.company.id)
    equal(client.companies.list_attached_contacts(kept.company.id).data, [])


@step("companies tag and untag")
def _():
    companies = [{"id": kept.company.id}]
    request = intercom.TagCompanyRequest(name="python", companies=companies)
    equal(client.tags.create(request=request).id, kept.tag.id)
    tags = client.companies.find(kept.company.id).tags.tags
    equal([tag["id"] for tag in tags], [kept.tag.id])
    companies = [{"id": kept.company.id, "untag": True}]
    request = intercom.UntagCompanyRequest(name="python", companies=companies)
    equal(client.tags.create(request=request).id, kept.tag.id)


@step("companies list, page by page")
def _():
    pager = client.companies.list(per_page=10)
    equal(len(pager.items), 10)
    first(pager, 25)


@step("companies scroll to the end")
def _():
    found = distinct(list(client.companies.scroll()))
    # The list leaves out companies without contacts, such as this one.
    equal([company.name for company in found if company.id == kept.company.id], ["Python Co."])
    equal(len(found) > client.companies.list().response.total_count, True)


@step("companies delete")
def _():
    equal(client.companies.delete(kept.company.id).deleted, True)


# Conversations.


@step("conversations create and find")
def _():
    sender = CreateConversationRequestFrom(type="user", id=kept.user.id)
    message = client.conversations.create(from_=sender, body="Hello from Python")
    kept.conversation = message.conversation_id
    found = client.conversations.find(kept.conversation, display_as="plaintext")
    equal((found.state, found.source.body), ("open", "Hello from Python"))
    equal([contact.id for contact in found.contacts.contacts], [kept.user.id])


@step("conversations update")
def _():
    equal(client.conversations.update(kept.conversation, read=True).read, True)


@step("conversations list, page by page")
def _():
    pager = client.conversations.list(per_page=10)
    equal(len(pager.items), 10)
    equal({item.type for item in first(pager, 25)}, {"conversation"})


@step("conversations search, page by page")
def _():
    query = single("contact_ids", "=", kept.user.id)
    equal([item.id for item in client.conversations.search(query=query)], [kept.conversation])
    query = both(single("state", "=", "open"), single("created_at", ">", 0))
    equal({item.state for item in searched(client.conversations, query, 12)}, {"open"})


def last_part(conversation):
    return conversation.conversation_parts.conversation_parts[-1]


@step("conversations reply as admin")
def _():
    request = intercom.AdminReplyConversationRequest(
        message_type="comment", admin_id=kept.admin.id, body="Welcome"
    )
    part = last_part(client.conversations.reply(kept.conversation, request=request))
    equal((part.part_type, part.author.type, part.body), ("comment", "admin", "<p>Welcome</p>"))


@step("conversations reply as contact")
def _():
    request = intercom.ContactReplyIntercomUserIdRequest(
        message_type="comment", type="user", intercom_user_id=kept.user.id, body="Thanks"
    )
    part = last_part(client.conversations.reply(kept.conversation, request=request))
    equal((part.author.type, part.author.id), ("user", kept.user.id))
    part = last_part(client.conversations.reply("last", request=request))
    equal(part.body, "<p>Thanks</p>")


@step("conversations assign")
def _():
    request = ConversationsManageRequestBody_Assignment(
        type="admin", admin_id=kept.admin.id, assignee_id=kept.admin.id
    )
    assigned = client.conversations.manage(kept.conversation, request=request)
    equal(str(assigned.admin_assignee_id), str(kept.admin.id))


@step("conversations snooze, close and open")
def _():
    def manage(request):
        return client.conversations.manage(kept.conversation, request=request).state

    admin, until = kept.admin.id, kept.user.created_at + 864_000
    snooze = ConversationsManageRequestBody_Snoozed(admin_id=admin, snoozed_until=until)
    equal(manage(snooze), "snoozed")
    equal(manage(ConversationsManageRequestBody_Close(admin_id=admin, body="Bye")), "closed")
    equal(manage(ConversationsManageRequestBody_Open(admin_id=admin)), "open")


@step("conversations tag and untag")
def _():
    admin, conversation, tag = kept.admin.id, kept.conversation, kept.tag.id
    equal(client.tags.tag_conversation(conversation, tag_id=tag, admin_id=admin).id, tag)
    equal([known.id for known in client.conversations.find(conversation).tags.tags], [tag])
    equal(client.tags.untag_conversation(conversation, tag, admin_id=admin).id, tag)


@step("conversations attach and detach a contact")
def _():
    request = intercom.CreateContactRequestWithEmail(email="grace@python.example")
    other = client.contacts.create(request=request)
    joined = client.conversations.attach_contact_as_admin(
        kept.conversation, admin_id=kept.admin.id, customer={"intercom_user_id": other.id}
    )
    joined = {contact.id for contact in joined.contacts.contacts}
    equal(joined, {kept.user.id, other.id})
    left = client.conversations.detach_contact_as_admin(
        kept.conversation, other.id, admin_id=kept.admin.id
    )
    equal([contact.id for contact in left.contacts.contacts], [kept.user.id])


@step("conversations delete")
def _():
    deleted = client.conversations.delete_conversation(int(kept.conversation))
    equal((deleted.id, deleted.deleted), (kept.conversation, True))


@step("messages create")
def _():
    request = {
        "message_type": "in_app",
        "body": "Hello",
        "from": {"type": "admin", "id": int(kept.admin.id)},
        "to": {"type": "user", "id": kept.user.id},
    }
    equal(client.messages.create(request=request).body, "Hello")


# Events.


@step("events create")
def _():
    for second in range(3):
        request = intercom.CreateDataEventRequestWithId(
            id=kept.user.id,
            event_name="paid",
            created_at=kept.user.created_at + second,
            metadata={"invoice": str(second)},
        )
        client.events.create(request=request)


@step("events list and summarise")
def _():
    listed = client.events.list(type="user", intercom_user_id=kept.user.id)
    equal([event.event_name for event in listed.events], ["paid", "paid", "paid"])
    summary = client.events.list(type="user", intercom_user_id=kept.user.id, summary=True)
    equal([(event.name, event.count) for event in summary.events], [("paid", 3)])


# What is left behind.


@step("tags list, find and delete")
def _():
    equal([tag.name for tag in client.tags.list().data if tag.id == kept.tag.id], ["python"])
    equal(client.tags.find(kept.tag.id).name, "python")
    client.tags.delete(kept.tag.id)


@step("contacts delete")
def _():
    equal(client.contacts.delete(kept.user.id).deleted, True)


failed = outcomes.count(False)
print(f"{len(outcomes) - failed} passed, {failed} failed")
sys.exit(failed > 0)
