"""Applies the module, goes through the life of a shop on it, and takes it down. Started by `run`."""

import argparse
import os
import sys
from pathlib import Path

import cloud
import packages
from proving.imports import Imports
from proving.leftovers import expect_nothing_left
from proving.module import Stack
from proving.operator import Operator
from proving.story import Story
from shop import STORE, Shop
from stages import Failed, Stages


def options():
    """What the command line says."""
    parser = argparse.ArgumentParser(prog="tests/deploy/run prove", description=__doc__)
    packages.add_option(parser)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the times there")
    return parser.parse_args()


def prove(stages, folder, work):
    """All of it, in order."""
    with stages.stage("zips checked, layer packed"):
        sizes = packages.check(folder)
        layer = packages.layer(STORE, work / "programs.zip")
    with cloud.up(work) as aws:
        try:
            live(stages, aws, Stack(work, folder, layer), work)
        except BaseException:
            tell_logs(aws, work)
            raise
    print(f"  {len(sizes)} functions, {sum(sizes.values()) / 1e6:.1f} MB of zips")


def tell_logs(aws, work):
    """For whoever looks for the reason: what the stand-in and the functions said last."""
    lines = (work / "stand-in.log").read_text().splitlines()
    print("\nThe stand-in said last:", *lines[-40:], sep="\n  ", file=sys.stderr)
    for group in aws.logs.describe_log_groups()["logGroups"]:
        said = [line for line in aws.log(group["logGroupName"]) if not line.startswith(("START ", "END ", "REPORT "))]
        print(f"\n{group['logGroupName']} said last:", *said[-10:], sep="\n  ", file=sys.stderr)


def live(stages, aws, terraform, work):
    """From the first apply to the last destroy."""
    with stages.stage("terraform init"):
        terraform.init()
    with stages.stage("terraform apply"):
        stack = terraform.apply()
    stages.milestone("applied")
    shop = Shop(aws, stack)
    story, imports, operator = Story(shop), Imports(shop), Operator(shop, packages.command(), work)
    with stages.stage("secrets, rehearsed, live"):
        operator.sets_a_store_up()
        operator.sets_it_live()
    with stages.stage("first order accepted"):
        story.an_order_is_accepted()
    stages.milestone("first order accepted")
    with stages.stage("recorded by way of the queue"):
        story.it_is_recorded()
    # The schedule looks once a minute. What else there is to do is done meanwhile.
    with stages.stage("a history taken in, another refused"):
        imports.a_history_is_taken_in()
        imports.the_same_file_again_changes_nothing()
        imports.a_file_of_nobody_is_refused()
        operator.imports()
    with stages.stage("nothing to change in a second plan"):
        terraform.expect_no_changes()
        terraform.expect_no_secret(shop.secrets())
    with stages.stage("first mail (the rest of a minute)"):
        story.silence_is_noticed_and_one_mail_leaves()
    stages.milestone("first mail")
    with stages.stage("delivered, opened, redeemed, unsubscribed"):
        story.a_forged_order_is_refused()
        story.it_is_delivered()
        story.the_offer_is_opened()
        story.the_code_is_redeemed_once()
        story.mailing_is_ended()
    with stages.stage("explained, exported, paused, looked after"):
        operator.asks_about_anna()
        operator.pauses_and_resumes()
        operator.asks_the_doctor()
        operator.tries_the_first_letter()
    with stages.stage("everything once more, and no second mail"):
        story.everything_comes_once_more()
        story.nobody_is_forgotten_and_nobody_mailed_twice()
        story.no_store_is_asked_without_a_key()
    with stages.stage("what the logs say"):
        story.no_log_names_anybody()
        story.alarms_find_what_they_read()
        story.every_log_line_says_one_thing()
    with stages.stage("terraform destroy"):
        shop.forget_secrets()
        terraform.destroy()
    expect_nothing_left(aws)


def main():
    """Tells how it went, and ends with 1 where something does not hold."""
    asked, stages = options(), Stages()
    try:
        prove(stages, asked.packages.resolve(), Path(os.environ["TMPDIR"]))
    except Failed as failed:
        print(f"FAILED: {failed}", file=sys.stderr)
        return 1
    finally:
        print(f"\n{stages.table()}" if stages.stages else "")
        if asked.json:
            stages.write(asked.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())
