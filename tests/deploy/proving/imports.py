"""The shop's past: a file put into the bucket becomes customers, by way of EventBridge and Step Functions."""

import json

from shop import STORE
from stages import expect, until

KEY = f"imports/{STORE}/orders.csv"
HEADER = "order_id,email,placed_at,total,currency"
ORDERS = [f"old-{n},reader{n % 6}@example.com,2025-0{1 + n % 9}-11,{20 + n}.50,EUR" for n in range(12)]
CUSTOMERS = 6
BAD_LINE = 8
BAD = "old-bad,reader7@example.com,the day before yesterday,19.90,EUR"


class Imports:
    """Uploads, and what became of them."""

    def __init__(self, shop):
        self.shop, self.aws = shop, shop.aws
        self.bucket, self.machine = shop.stack["bucket"], shop.stack["state_machine_arn"]

    def a_history_is_taken_in(self):
        """Twelve orders of six customers, and one line that is none."""
        before = self.shop.customers()
        lines = [HEADER, *ORDERS]
        lines.insert(BAD_LINE - 1, BAD)
        self.text = "\n".join(lines) + "\n"
        execution = self.upload(KEY, self.text)
        expect(execution["status"] == "SUCCEEDED", "the import ran to its end", execution)
        report = json.loads(self.read(f"{KEY}.report.json"))
        expect((report["orders"], report["bad_lines"]) == (len(ORDERS), 1), "the report counts", report)
        bad = self.read(f"{KEY}.bad-lines.txt").splitlines()
        expect(len(bad) == 1 and bad[0].startswith(f"line {BAD_LINE}:"), "the bad line is named", bad)
        self.known = self.shop.customers()
        expect(len(self.known) == len(before) + CUSTOMERS, "they are known now", len(before), len(self.known))
        self.the_store_goes_on()

    def the_same_file_again_changes_nothing(self):
        """Whoever is not sure uploads it again."""
        execution = self.upload(KEY, self.text)
        expect(execution["status"] == "SUCCEEDED", "it is taken again", execution)
        expect(orders(self.shop.customers()) == orders(self.known), "no order counts twice")
        self.the_store_goes_on()

    def a_file_of_nobody_is_refused(self):
        """A store that nobody has heard of: the import fails and says why."""
        execution = self.upload("imports/nobody/orders.csv", self.text)
        seen = (execution["status"], execution.get("error"), execution.get("cause"))
        expect(seen[:2] == ("FAILED", "Refused"), "a file of an unknown store is refused", seen)

    def the_store_goes_on(self):
        """While a history comes in a store waits. Then it goes on as it was."""
        store = self.shop.known_as()
        seen = (store["state"], store.get("imports"))
        expect(seen == ("live", None), "the store is live again after an import", *seen)

    def upload(self, key, text):
        """Puts a file into the bucket, and waits for the end of the execution that comes of it: one, and no other."""
        known = self.executions()
        self.aws.s3.put_object(Bucket=self.bucket, Key=key, Body=text.encode())
        begun = until("an upload starts an import", lambda: self.executions() - known, 15)
        expect(len(begun) == 1, "one upload, one import", begun)
        arn, = begun

        def ended():
            execution = self.aws.stepfunctions.describe_execution(executionArn=arn)
            return None if execution["status"] == "RUNNING" else execution

        execution = until("the import ends", ended, 60)
        expect(self.executions() - known == begun, "what an import writes starts no other", self.executions() - known)
        return execution

    def executions(self):
        """The machine's executions."""
        listed = self.aws.stepfunctions.list_executions(stateMachineArn=self.machine)["executions"]
        return {execution["executionArn"] for execution in listed}

    def read(self, key):
        """A file in the bucket."""
        return self.aws.s3.get_object(Bucket=self.bucket, Key=key)["Body"].read().decode()


def orders(customers):
    """What is known of everybody's orders."""
    return {key: customer["orders"] for key, customer in customers.items()}
