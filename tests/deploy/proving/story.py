"""The life of a shop on its stack: one order goes the whole way, and one mail comes of it."""

import json
import re

from cloud import ask
from shop import ANNA, STORE, moment, named_twice, read_fields
from stages import expect, until

JSON = {"content-type": "application/json"}


class Story:
    """The steps, in their order, with what one hands to the next."""

    def __init__(self, shop):
        self.shop, self.aws = shop, shop.aws
        self.order = {
            "type": "order.placed",
            "timestamp": moment(100 * 24),
            "data": {
                "order_id": "1001",
                "email": ANNA,
                "name": "Anna",
                "total": "45.00",
                "currency": "EUR",
                "placed_at": moment(100 * 24),
                "marketing_consent": True,
            },
        }

    def an_order_is_accepted(self):
        """The store's webhook tells of an order of long ago, as a store does that has only now been wired."""
        answer = self.shop.webhook("msg_1", self.order)
        seen = (answer.status, answer.body)
        expect(answer.status == 200 and answer.json()["status"] == "accepted", "the order is accepted", seen)

    def a_forged_order_is_refused(self):
        """The same order signed with another key."""
        ours, self.shop.webhook_secret = self.shop.webhook_secret, b"a key of somebody else"
        answer = self.shop.webhook("msg_2", self.order)
        self.shop.webhook_secret = ours
        expect(answer.status in (400, 401, 403), "a wrong signature is refused", answer.status, answer.body)

    def it_is_recorded(self):
        """By way of the queue."""
        customers = until("the order is recorded", self.shop.customers, 30)
        (self.anna, anna), = customers.items()
        self.hint = {"store": STORE, "customer": self.anna.rsplit("#", 1)[1]}
        expect("due_shard" in anna and "due" in anna, "Anna has her place in the index of who is due", anna)
        self.drained("events")

    def silence_is_noticed_and_one_mail_leaves(self):
        """Nobody is asked: the schedule runs find-lapsed, which puts a hint on the queue, and send-message mails."""
        outbox = until("a mail leaves", self.aws.outbox, 130)
        expect(len(outbox) == 1, "one mail left", len(outbox))
        self.mail, = outbox
        expect(self.mail.to == [ANNA], "it is to Anna", self.mail.to)
        expect("anna@shop.example" in self.mail.sender, "it is from the shop", self.mail.sender)
        expect(self.mail.configuration_set == self.shop.configuration_set, "SES reports on it", self.mail.__dict__)
        expect("List-Unsubscribe" in self.mail.headers, "it can be unsubscribed from", self.mail.headers)
        self.drained("due")
        until("find-lapsed tells that it put her on the queue", self.hinted, 10)
        (self.message_key, message), = self.shop.messages().items()
        expect(self.message_key.endswith(self.mail.tags["message"]), "the mail names the message", self.mail.tags)
        expect(message["state"] in ("sent", "delivered"), "the message is settled", message["state"])
        self.code = json.loads(message["offer"])["code"]
        expect(self.code in self.mail.text, "the letter brings the code")

    def hinted(self):
        """The runs of find-lapsed that found somebody."""
        return [run for run in self.shop.said("find-lapsed", "pumped") if run.get("hints")]

    def it_is_delivered(self):
        """SES tells so, by every way the stack has for it, and each of them twice, as they may."""
        detail = {
            "eventType": "Delivery",
            "mail": {
                "timestamp": moment(),
                "source": self.mail.sender,
                "messageId": self.mail.id,
                "destination": self.mail.to,
                "tags": {
                    **{name: [value] for name, value in self.mail.tags.items()},
                    "ses:configuration-set": [self.mail.configuration_set],
                },
            },
            "delivery": {"timestamp": moment(), "recipients": self.mail.to, "smtpResponse": "250 2.6.0 received"},
        }
        for _ in range(2):
            self.by_eventbridge(detail)
            self.by_sns(detail)
        heard = until("SES is heard four times", lambda: self.heard(4), 30)
        expect(heard.count(True) == 1, "it was news once", heard)
        state = self.shop.messages()[self.message_key]["state"]
        expect(state == "delivered", "the message is delivered", state)

    def by_eventbridge(self, detail):
        """The default bus, whose rule knows our mails by their configuration set."""
        event = {"Source": "aws.ses", "DetailType": "Email Delivered", "Detail": json.dumps(detail)}
        answer = self.aws.events.put_events(Entries=[event])
        expect(answer["FailedEntryCount"] == 0, "the event is on the bus", answer)

    def by_sns(self, detail):
        """The topic that the configuration set's other destination names, and the queue behind it."""
        name = self.shop.configuration_set
        destinations = self.aws.sesv2.get_configuration_set_event_destinations(ConfigurationSetName=name)
        ways = [way["SnsDestination"] for way in destinations["EventDestinations"] if "SnsDestination" in way]
        expect(len(ways) == 1, "SES has a topic to write to", destinations["EventDestinations"])
        self.aws.sns.publish(TopicArn=ways[0]["TopicArn"], Message=json.dumps(detail))

    def heard(self, times):
        """Whether each telling was news, once there were so many."""
        lines = map(read_fields, self.shop.log("record-delivery"))
        news = [fields["news"] for fields in lines if "news" in fields]
        return news if len(news) >= times else None

    def the_offer_is_opened(self):
        """By the link in the letter."""
        page = ask("GET", self.link("o"))
        expect(page.status == 200 and self.code in page.body, "the page shows the code", page.status)
        expect("x-robots-tag" in page.headers, "no search engine keeps it", page.headers)

    def the_code_is_redeemed_once(self):
        """At a till, which asks twice."""
        body = {"code": self.code, "order_id": "till-7", "total": "52.00", "currency": "EUR", "email": ANNA}
        for status in ("redeemed", "already_yours"):
            answer = ask("POST", self.shop.urls["redeem-code"] + "/redeem", JSON, json.dumps(body))
            seen = (answer.status, answer.body)
            expect(answer.status == 200 and answer.json()["status"] == status, f"the till hears {status}", seen)

    def mailing_is_ended(self):
        """With the button of her mail reader, which asks without a look."""
        form = {"content-type": "application/x-www-form-urlencoded"}
        answer = ask("POST", self.link("u"), form, "List-Unsubscribe=One-Click")
        expect(answer.status == 200, "she is unsubscribed", answer.status, answer.body[:300])

    def everything_comes_once_more(self):
        """The webhook and the hint: both queues hand over at least once, and a store may repeat itself."""
        known = self.shop.customers()[self.anna]
        recorded = len(self.runs("record-event"))
        answer = self.shop.webhook("msg_1", self.order)
        expect(answer.status == 200, "the store may repeat itself", answer.status, answer.body)
        until("record-event took it again", lambda: len(self.runs("record-event")) > recorded, 30)
        self.drained("events")
        after = self.shop.customers()[self.anna]
        expect(after["orders"] == known["orders"], "the order counts once", known["orders"], after["orders"])
        looked = len(self.runs("send-message"))
        self.aws.sqs.send_message(QueueUrl=self.shop.queues["due"], MessageBody=json.dumps(self.hint))
        until("send-message took the hint again", lambda: len(self.runs("send-message")) > looked, 30)
        self.drained("due")

    def nobody_is_forgotten_and_nobody_mailed_twice(self):
        """The night's scan finds everybody and nothing to mend."""
        known = len(self.shop.customers())
        audit = self.shop.invoke("scan-customers", {"scheduled_at": moment()})
        expect(audit == {"customers": known, "restored": 0, "stamped": 0}, "the scan finds nothing to mend", audit)
        pumped = self.shop.invoke("find-lapsed", {"scheduled_at": moment()})
        self.drained("due")
        expect(len(self.aws.outbox()) == 1, "one mail, and no other", len(self.aws.outbox()), pumped)
        for name, url in self.shop.dead_letters.items():
            expect(self.aws.messages_of(url) == 0, f"nothing lies in the dead letters of {name}")

    def no_log_names_anybody(self):
        """Logs carry ids, never addresses, names, codes or secrets."""
        banned = [ANNA, "Anna", self.code, self.shop.webhook_words()]
        for function in self.shop.functions:
            lines = self.shop.log(function)
            expect(lines, f"{function} wrote a log")
            found = [word for word in banned for line in lines if word in line]
            expect(not found, f"{function} logged no name, address, code or secret", len(found))

    def every_log_line_says_one_thing(self):
        """A field that stands twice in a line is read as the one or the other, and alarms are among the readers."""
        found = {}
        for function in self.shop.functions:
            lines = [line for line in self.shop.log(function) if line.startswith("{")]
            if twice := sorted({name for line in lines for name in named_twice(line)}):
                found[function] = twice
        expect(not found, "no log line has a field in it twice; rename the field in the function", found)

    def alarms_find_what_they_read(self):
        """The module's filters make figures of find-lapsed's log; its lines must hold them."""
        group = f"/aws/lambda/{self.shop.functions['find-lapsed']}"
        filters = self.aws.logs.describe_metric_filters(logGroupName=group)["metricFilters"]
        expect(filters, "find-lapsed's log is read for alarms")
        lines = [json.loads(line)["fields"] for line in self.shop.log("find-lapsed") if line.startswith("{")]
        for known in filters:
            word = re.fullmatch(r'\{ \$\.fields\.message = "(.+)" \}', known["filterPattern"])
            value = re.fullmatch(r"\$\.fields\.(\w+)", known["metricTransformations"][0]["metricValue"])
            expect(word and value, "the filter is of a kind that can be checked here", known)
            values = [fields.get(value[1]) for fields in lines if fields.get("message") == word[1]]
            numbers = values and all(isinstance(number, (int, float)) for number in values)
            expect(numbers, f"find-lapsed tells {value[1]} with each {word[1]!r}", values)

    def runs(self, function):
        """The ends of a function's runs."""
        return [line for line in self.shop.log(function) if line.startswith("END RequestId")]

    def drained(self, queue):
        """All that was on a queue was taken and deleted."""
        url = self.shop.queues[queue]
        until(f"the queue {queue} is empty", lambda: self.aws.messages_of(url) == 0, 30)

    def link(self, page):
        """The first link in the letter that leads to one of our pages."""
        found = re.search(re.escape(f"{self.shop.link_base}/{page}/") + r"[^\s)>]+", self.mail.text)
        expect(found, f"the letter links to /{page}/", self.mail.text)
        return found.group(0)
