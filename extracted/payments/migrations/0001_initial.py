from decimal import Decimal

import django.core.validators
import django.db.models.deletion
import django.db.models.functions.datetime
import django.utils.timezone
from django.db import migrations, models

# What the code promises, the database holds: an entry is balanced as a whole, and stays as it is. A rebuild truncates.
HOLD_THE_LEDGER = """
    CREATE FUNCTION payments_posted_in_balance() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE bad record;
    BEGIN
        SELECT order_number, version, currency, sum(amount) AS left_over INTO bad FROM posted
        GROUP BY order_number, version, currency HAVING sum(amount) <> 0 LIMIT 1;
        IF FOUND THEN
            RAISE EXCEPTION 'postings of % event % leave % % over', bad.order_number, bad.version, bad.left_over,
                bad.currency USING ERRCODE = 'check_violation';
        END IF;
        RETURN NULL;
    END $$;
    CREATE TRIGGER payments_posted_in_balance AFTER INSERT ON payments_ledgerposting
        REFERENCING NEW TABLE AS posted FOR EACH STATEMENT EXECUTE FUNCTION payments_posted_in_balance();
    CREATE FUNCTION payments_posted_for_good() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'the ledger is append-only: `project ledger --rebuild` makes it again from the streams'
            USING ERRCODE = 'restrict_violation';
    END $$;
    CREATE TRIGGER payments_posted_for_good BEFORE UPDATE OR DELETE ON payments_ledgerposting
        FOR EACH STATEMENT EXECUTE FUNCTION payments_posted_for_good();
"""
LET_GO_OF_THE_LEDGER = """
    DROP TRIGGER payments_posted_in_balance ON payments_ledgerposting;
    DROP TRIGGER payments_posted_for_good ON payments_ledgerposting;
    DROP FUNCTION payments_posted_in_balance();
    DROP FUNCTION payments_posted_for_good();
"""


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="CircuitBreaker",
            fields=[
                ("name", models.CharField(max_length=40, primary_key=True, serialize=False)),
                ("failures", models.PositiveIntegerField(default=0)),
                ("open_until", models.DateTimeField(blank=True, null=True)),
                ("last_error", models.TextField(blank=True)),
                ("changed_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
        ),
        migrations.CreateModel(
            name="GatewayCall",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("call", models.UUIDField(unique=True)),
                ("request", models.UUIDField(help_text="on whose behalf")),
                ("order_number", models.CharField(max_length=20)),
                ("kind", models.CharField(max_length=10)),
                ("amount", models.DecimalField(decimal_places=2, max_digits=12)),
                ("currency", models.CharField(blank=True, max_length=3)),
                ("card_token", models.CharField(blank=True, editable=False, max_length=200)),
                ("authorisation", models.CharField(blank=True, max_length=64)),
                ("undoes", models.BooleanField(default=False, help_text="takes back what a refused request had begun")),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("due", "Due"),
                            ("done", "Done"),
                            ("refused", "Refused"),
                            ("withdrawn", "withdrawn before it was made"),
                        ],
                        default="due",
                        max_length=10,
                    ),
                ),
                ("attempts", models.PositiveIntegerField(default=0)),
                ("due_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("reference", models.CharField(blank=True, help_text="the gateway's, of this movement", max_length=64)),
                ("last_error", models.TextField(blank=True)),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("settled_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "ordering": ["-id"],
                "indexes": [
                    models.Index(condition=models.Q(("status", "due")), fields=["due_at"], name="payments_calls_due"),
                    models.Index(fields=["order_number", "id"], name="payments_calls_of"),
                    models.Index(fields=["settled_at"], name="payments_calls_settled"),
                ],
            },
        ),
        migrations.CreateModel(
            name="LedgerAccount",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "account",
                    models.CharField(
                        choices=[
                            ("receivable", "receivable"),
                            ("authorised", "authorised"),
                            ("cash", "cash"),
                            ("sales", "sales"),
                            ("refunds", "refunds"),
                        ],
                        max_length=20,
                    ),
                ),
                (
                    "currency",
                    models.CharField(max_length=3, validators=[django.core.validators.RegexValidator("^[A-Z]{3}\\Z")]),
                ),
                ("balance", models.DecimalField(decimal_places=2, default=Decimal("0.00"), max_digits=18)),
                ("postings", models.PositiveBigIntegerField(default=0)),
            ],
            options={
                "ordering": ["currency", "account"],
                "constraints": [models.UniqueConstraint(fields=("account", "currency"), name="payments_one_account")],
            },
        ),
        migrations.CreateModel(
            name="LedgerPosting",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("order_number", models.CharField(max_length=20)),
                ("version", models.PositiveIntegerField(help_text="of the payment's stream: the event")),
                ("event", models.CharField(max_length=60)),
                (
                    "account",
                    models.CharField(
                        choices=[
                            ("receivable", "receivable"),
                            ("authorised", "authorised"),
                            ("cash", "cash"),
                            ("sales", "sales"),
                            ("refunds", "refunds"),
                        ],
                        max_length=20,
                    ),
                ),
                (
                    "currency",
                    models.CharField(max_length=3, validators=[django.core.validators.RegexValidator("^[A-Z]{3}\\Z")]),
                ),
                (
                    "amount",
                    models.DecimalField(decimal_places=2, help_text="a debit, or with a minus a credit", max_digits=12),
                ),
                ("entered_at", models.DateTimeField(help_text="when the event was recorded")),
            ],
            options={
                "ordering": ["id"],
                "indexes": [models.Index(fields=["account", "currency", "id"], name="payments_postings_of")],
                "constraints": [
                    models.UniqueConstraint(fields=("order_number", "version", "account"), name="payments_posted_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="Ownership",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("order_number", models.CharField(max_length=20, unique=True)),
                (
                    "owner",
                    models.CharField(
                        choices=[("monolith", "Monolith"), ("service", "Service")], default="monolith", max_length=8
                    ),
                ),
                ("epoch", models.PositiveIntegerField(default=0)),
                ("recalled", models.PositiveIntegerField(blank=True, null=True)),
                ("since", models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                "verbose_name_plural": "ownership",
                "ordering": ["-id"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("owner", "service")), fields=["order_number"], name="payments_owned_here"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="PaymentFlag",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("order_number", models.CharField(max_length=20)),
                ("customer_email", models.EmailField(max_length=254)),
                (
                    "rule",
                    models.CharField(choices=[("number", "many payments"), ("sum", "a large sum")], max_length=10),
                ),
                ("count", models.PositiveIntegerField(help_text="payments in the window, with this one")),
                (
                    "total",
                    models.DecimalField(
                        decimal_places=2, help_text="of these, in the payment's currency", max_digits=12
                    ),
                ),
                ("window_seconds", models.PositiveIntegerField()),
                ("made_at", models.DateTimeField(help_text="when the payment was made")),
                ("flagged_at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                "ordering": ["-id"],
                "constraints": [models.UniqueConstraint(fields=("order_number", "rule"), name="payments_flagged_once")],
            },
        ),
        migrations.CreateModel(
            name="PaymentRequest",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("request", models.UUIDField(unique=True)),
                ("order_number", models.CharField(max_length=20)),
                ("action", models.CharField(max_length=10)),
                ("amount", models.DecimalField(blank=True, decimal_places=2, max_digits=12, null=True)),
                ("currency", models.CharField(blank=True, max_length=3)),
                ("card_token", models.CharField(blank=True, editable=False, max_length=200)),
                ("epoch", models.PositiveIntegerField()),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("waiting", "waiting for the payment"),
                            ("queued", "queued behind another"),
                            ("open", "with the gateway"),
                            ("done", "Done"),
                            ("refused", "Refused"),
                            ("redirected", "Redirected"),
                        ],
                        max_length=10,
                    ),
                ),
                ("code", models.CharField(blank=True, max_length=30)),
                ("reason", models.TextField(blank=True, help_text="why it was refused")),
                ("answer", models.JSONField(blank=True, default=dict)),
                ("message", models.TextField(editable=False)),
                ("asked_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("answer_by", models.DateTimeField(help_text="then it is refused, if the gateway has not answered")),
                (
                    "deferred_at",
                    models.DateTimeField(
                        blank=True, help_text="when the monolith was told that it takes long", null=True
                    ),
                ),
                ("answered_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "ordering": ["-id"],
                "indexes": [
                    models.Index(fields=["order_number", "id"], name="payments_requests_of"),
                    models.Index(
                        condition=models.Q(("status__in", ["waiting", "queued", "open"])),
                        fields=["answer_by"],
                        name="payments_unanswered",
                    ),
                    models.Index(fields=["answered_at"], name="payments_answered"),
                ],
            },
        ),
        migrations.CreateModel(
            name="PaymentView",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("order_number", models.CharField(max_length=20, unique=True)),
                ("customer_email", models.EmailField(blank=True, max_length=254)),
                ("customer_name", models.CharField(blank=True, max_length=200)),
                (
                    "status",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("", "none"),
                            ("authorised", "authorised"),
                            ("partially_captured", "partially captured"),
                            ("captured", "captured"),
                            ("partially_refunded", "partially refunded"),
                            ("refunded", "refunded"),
                            ("voided", "voided"),
                        ],
                        max_length=20,
                    ),
                ),
                (
                    "currency",
                    models.CharField(
                        blank=True, max_length=3, validators=[django.core.validators.RegexValidator("^[A-Z]{3}\\Z")]
                    ),
                ),
                ("authorised", models.DecimalField(decimal_places=2, default=Decimal("0.00"), max_digits=12)),
                ("captured", models.DecimalField(decimal_places=2, default=Decimal("0.00"), max_digits=12)),
                ("refunded", models.DecimalField(decimal_places=2, default=Decimal("0.00"), max_digits=12)),
                ("released", models.DecimalField(decimal_places=2, default=Decimal("0.00"), max_digits=12)),
                ("authorisation", models.CharField(blank=True, help_text="the gateway's reference", max_length=64)),
                ("in_hand", models.CharField(blank=True, help_text="what the gateway is being asked", max_length=40)),
                ("version", models.PositiveIntegerField(help_text="of its stream")),
                ("created_at", models.DateTimeField(blank=True, null=True)),
                ("updated_at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                "verbose_name": "payment",
                "ordering": ["-id"],
                "indexes": [
                    models.Index(fields=["customer_email"], name="payments_by_customer"),
                    models.Index(
                        condition=models.Q(("in_hand", ""), _negated=True), fields=["id"], name="payments_in_hand"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ShadowOutcome",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("order_number", models.CharField(max_length=20)),
                ("fact", models.CharField(max_length=60)),
                ("theirs", models.CharField(max_length=80, verbose_name="monolith")),
                ("ours", models.CharField(max_length=80, verbose_name="here")),
                (
                    "cause",
                    models.CharField(
                        blank=True,
                        choices=[("", "alike"), ("amounts", "other amounts here"), ("status", "another status here")],
                        default="",
                        max_length=10,
                    ),
                ),
                ("compared_at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                "ordering": ["-id"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("cause", ""), _negated=True), fields=["-id"], name="payments_mismatches"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Sighting",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("order_number", models.CharField(max_length=20, unique=True)),
                ("customer_email", models.EmailField(max_length=254)),
                ("amount", models.DecimalField(decimal_places=2, max_digits=12)),
                (
                    "currency",
                    models.CharField(max_length=3, validators=[django.core.validators.RegexValidator("^[A-Z]{3}\\Z")]),
                ),
                ("made_at", models.DateTimeField(db_index=True)),
            ],
            options={
                "ordering": ["-made_at"],
                "indexes": [models.Index(fields=["customer_email", "made_at"], name="payments_sightings_of")],
            },
        ),
        migrations.CreateModel(
            name="GatewayAttempt",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField()),
                ("started_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                ("outcome", models.TextField(blank=True)),
                (
                    "call",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="tries", to="payments.gatewaycall"
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
                "constraints": [models.UniqueConstraint(fields=("call", "number"), name="payments_attempt_once")],
            },
        ),
        migrations.RunSQL(HOLD_THE_LEDGER, LET_GO_OF_THE_LEDGER),
    ]
