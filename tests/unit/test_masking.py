"""Masking: what is a secret is masked whole, and nothing else is."""

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsnb.queries.masking import MASK, Masker
from opsnb.settings import SECRET_KEYS

masker = Masker(SECRET_KEYS)
# No part of a secret may be shown, so each is made of words that stand nowhere else.
ONE, TWO, THREE = "hunter2kx", "zebra9quux", "flamingo7vv"
JWT = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N"
PEM = f"-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA{ONE}\n{TWO}==\n-----END RSA PRIVATE KEY-----"

# Texts, and what is shown of them; {} stands for the mask.
MASKED_TEXTS = [
    (f"Authorization: Bearer {ONE}", "Authorization: {}"),
    (f"authorization:Basic {ONE}==", "authorization:{}"),
    (f"authorization=Bearer {ONE} user=5", "authorization={} user=5"),
    (f"GET / 401, Authorization: Digest username={ONE}, nonce={TWO}\nHost: x", "GET / 401, Authorization: {}\nHost: x"),
    (f"curl -H 'Authorization: Bearer {ONE}' https://api.example", "curl -H 'Authorization: {}' https://api.example"),
    (f"{{'Authorization': 'Bearer {ONE}', 'Host': 'x'}}", "{{'Authorization': {}, 'Host': 'x'}}"),
    (f"sent Bearer {ONE}{TWO} to the API", "sent Bearer {} to the API"),
    (f"Cookie: a={ONE}; sid={TWO}", "Cookie: {}"),
    (f"Set-Cookie: sid={ONE}; Path=/; HttpOnly\nnext", "Set-Cookie: {}\nnext"),
    (f"curl -b 'x' -H \"Cookie: a={ONE}; sid={TWO}\" -v", "curl -b 'x' -H \"Cookie: {}\" -v"),
    (f"password = {ONE} {TWO} {THREE}", "password = {}"),
    (f"password: {ONE} {TWO}\nhost: db", "password: {}\nhost: db"),
    (f"password: {ONE} {TWO}, host: db", "password: {}, host: db"),
    (f"password={ONE} host=db", "password={} host=db"),
    (f"password={ONE},{TWO} host=db", "password={} host=db"),
    (f"password = {ONE}, {TWO} {THREE} host=db", "password = {} host=db"),
    (f"password='{ONE} {TWO}' host=db", "password={} host=db"),
    (f'password="{ONE} \\"{TWO}\\" {THREE}" host=db', "password={} host=db"),
    (f"password=b'{ONE} {TWO}' host=db", "password={} host=db"),
    (f"PASSWORD='{ONE}\n{TWO}'\nHOST=db", "PASSWORD={}\nHOST=db"),
    (f'{{"db_password": "{ONE} {TWO}", "port": 5432', '{{"db_password": {}, "port": 5432'),
    (f'{{\\"db_password\\": \\"{ONE} {TWO}\\", \\"port\\": 5432}}', '{{\\"db_password\\": {}, \\"port\\": 5432}}'),
    (f'{{"credentials": {{"user": "{ONE}", "x": ["{TWO}"]}}, "port": 5432}}', '{{"credentials": {}, "port": 5432}}'),
    (f"credentials: ['{ONE}', '{TWO}'] at db", "credentials: {} at db"),
    (f'env: {{"name": "DB_PASSWORD", "value": "{ONE} {TWO}"}}', 'env: {{"name": "DB_PASSWORD", "value": {}}}'),
    (f"- name: DB_PASSWORD\n  value: {ONE} {TWO}\n- name: HOST", "- name: DB_PASSWORD\n  value: {}\n- name: HOST"),
    (f'<add key="DbPassword" value="{ONE}"/>', '<add key="DbPassword" value={}/>'),
    (f"<password>{ONE} {TWO}</password>", "<password>{}</password>"),
    (f"password: |\n  {ONE}\n  {TWO}\nhost: db", "password: |\n{}\nhost: db"),
    (f"tokens:\n  - {ONE}\n  - {TWO}\nhost: db", "tokens:\n{}\nhost: db"),
    (f"run --password {ONE} --host db", "run --password {} --host db"),
    (f"run --password '{ONE} {TWO}' --host db", "run --password {} --host db"),
    (f"run --api-key={ONE} --host db", "run --api-key={} --host db"),
    (f"curl -u ada:{ONE} https://x.example", "curl -u ada:{} https://x.example"),
    (f"docker run -e DB_PASSWORD={ONE} app", "docker run -e DB_PASSWORD={} app"),
    (f"ALTER ROLE app PASSWORD '{ONE}'", "ALTER ROLE app PASSWORD {}"),
    (f"CREATE USER app IDENTIFIED BY '{ONE}'", "CREATE USER app IDENTIFIED BY {}"),
    (f"cannot connect to postgres://u:{ONE}@host/db", "cannot connect to postgres://u:{}@host/db"),
    (f"postgresql+psycopg://u:{ONE}@{TWO}@host:5432/db failed", "postgresql+psycopg://u:{}@host:5432/db failed"),
    (f"postgres://u:{ONE}/{TWO}@host/db", "postgres://u:{}@host/db"),
    (f"redis://:{ONE}@cache:6379/0 refused", "redis://:{}@cache:6379/0 refused"),
    (f"amqps://u:{ONE}@a,amqps://u:{TWO}@b", "amqps://u:{}@a,amqps://u:{}@b"),
    (f"cut in mongodb+srv://u:{ONE}", "cut in mongodb+srv://u:{}@"),
    ("https://0123456789abcdef0123456789abcdef@o1.ingest.example/2", "https://{}@o1.ingest.example/2"),
    (f"GET /x?token={ONE}&sig={TWO}%3D&page=2", "GET /x?token={}&sig={}&page=2"),
    (f"https://b.example/x?X-Amz-Credential={ONE}&X-Amz-Signature={TWO}&n=1",
     "https://b.example/x?X-Amz-Credential={}&X-Amz-Signature={}&n=1"),
    (f"next%3Dx%26access_token%3D{ONE} refused", "next%3Dx%26access_token%3D{} refused"),
    (f"Server=db;User Id=sa;Password={ONE} {TWO};Encrypt=true", "Server=db;User Id=sa;Password={};Encrypt=true"),
    (f"Server=db;Pwd={ONE};Encrypt=true", "Server=db;Pwd={};Encrypt=true"),
    (f"AccountName=x;AccountKey={ONE}==;EndpointSuffix=core", "AccountName=x;AccountKey={};EndpointSuffix=core"),
    (f"Endpoint=sb://x;SharedAccessKeyName=Root;SharedAccessKey={ONE}=",
     "Endpoint=sb://x;SharedAccessKeyName=Root;SharedAccessKey={}"),
    (f"cannot load {PEM} here", "cannot load {} here"),
    (f"cut {PEM[:60]}", "cut {}"),
    (f"{TWO}==\n-----END PRIVATE KEY-----\nrefused", "{}\nrefused"),
    (PEM.replace("\n", "\\n"), "{}"),
    (f"bad session {JWT} here", "bad session {} here"),
    ("no access for AKIAIOSFODNN7EXAMPLE here", "no access for {} here"),
    ("remote: ghp_16C7e42F292c6912E7710c838347Ae178B4a denied", "remote: {} denied"),
    ("slack said no to xoxb-123456789012-abcdefABCDEF", "slack said no to {}"),
    ("Incorrect API key provided: sk-proj-abc123def456ghi789jkl", "Incorrect API key provided: {}"),
    ("POST https://hooks.slack.com/services/T00/B00/XXXX12", "POST https://hooks.slack.com/services/{}"),
    (f"API key: {ONE}", "API key: {}"),
    (f"session id = {ONE}", "session id = {}"),
    (f"[db_password] => {ONE}", "[db_password] => {}"),
    (f":api_key=>\"{ONE}\", :n=>1", ":api_key=>{}, :n=>1"),
    (f"user[password]={ONE}&user[name]=ada", "user[password]={}&user[name]=ada"),
    (f"PGPASSWORD={ONE} psql", "PGPASSWORD={} psql"),
    (f"spring.datasource.password={ONE}", "spring.datasource.password={}"),
    (f"client.secret: {ONE}", "client.secret: {}"),
    (f"JSESSIONID={ONE}; Path=/", "JSESSIONID={}; Path=/"),
    (f"pa\u017f\u017fword={ONE}", "pa\u017f\u017fword={}"),
    (f"MYSQL_PWD={ONE}", "MYSQL_PWD={}"),
]  # fmt: skip

SHOWN_TEXTS = [
    "max_tokens=4096, token_count: 17, tokens_used = 12", "secretary: Grace Hopper", "author: Ada Lovelace",
    "authority=example", "authored_by: Ada", "passed: 12, failed: 0", "passenger: Ada", "compass: north",
    "pass_rate: 0.93", "keyboard: de", "monkey: yes", "bypass=always", "tokenizer: bpe", "session_count: 4",
    "key: value", "primary_key=id", "public_key: ssh-ed25519", "foreign key: orders_fk", "partition_key=17",
    "InvalidTokenError: Signature has expired", "jwt.exceptions.ExpiredSignatureError: Signature has expired",
    "SecretNotFoundException: no such entry", "AuthenticationException: 401", "JWT::ExpiredSignature: it has expired",
    "SyntaxError: Unexpected token < in JSON at position 0", "password=None, token: null, secret=''",
    "password authentication failed for user \"app\"", "session-worker:8080 refused", "auth.example.com: timed out",
    "https://host.example:8443/x?mail=a@b.example", "http://[::1]:8080", "ssh://git@git.example/x.git",
    "token_type=Bearer", "expires_in: 3600", "token_expiry: 3600", "password_policy: strict", "PWD=/srv/app",
    "cookie_domain: .example", "secret_name: db", "AKIA is short", "sk-learn-pipeline-of-the-day", "exit code 137",
    "the task-force met at 10:30: all well", "Basic authentication failed", "Bearer token required",
    "total_sessions: 5", "prompt_tokens=812", "see https://x.example/a:b",
]  # fmt: skip


@pytest.mark.parametrize(("text", "shown"), MASKED_TEXTS, ids=lambda value: value[:40])
def test_a_secret_in_a_text_is_masked_whole(text, shown):
    found = masker.mask_text(text)
    assert found == shown.format(*[MASK] * 3)
    assert not any(secret in found for secret in (ONE, TWO, THREE))
    assert masker.mask_text(found) == found


@pytest.mark.parametrize("text", SHOWN_TEXTS)
def test_what_is_no_secret_is_shown(text):
    assert masker.mask_text(text) == text


SECRET_NAMES = (
    "password", "PASSWORD", "dbpassword", "passwords", "pwd", "DB_PWD", "pass", "DB_PASS", "passwd", "passphrase",
    "auth", "basic_auth", "authToken", "jwt", "JWT", "apikey", "api_key", "x-api-key", "apiKey", "access_key",
    "accessKeyId",
    "private_key", "privateKey", "secret", "client_secret", "clientSecret", "secrets", "token", "refreshToken",
    "access_tokens", "session", "session_id", "sessionId", "cookie", "cookies", "credential", "credentials",
    "Authorization", "Proxy-Authorization", "connection_string", "connectionString", "signature", "dsn", "account_key",
    "storageAccountKey", "signing_key", "csrftoken", "password2", "PHPSESSID", "secret_key_base", "token.value",
)  # fmt: skip
OTHER_NAMES = (
    "max_tokens", "token_count", "tokens_used", "prompt_tokens", "secretary", "author", "authority", "authored_by",
    "authors", "passed", "passenger", "compass", "pass_rate", "passing", "keyboard", "monkey", "bypass", "tokenizer",
    "tokenized", "session_count", "sessions_total", "key", "keys", "key_name", "primary_key", "public_key",
    "token_type", "token_expires_at", "password_policy", "password_changed_at", "secret_name", "cookie_domain",
    "auth_method",
    "auth.example.com", "session_timeout", "pass_through", "oauth_provider", "passport", "signature_valid", "author_id",
)  # fmt: skip


@pytest.mark.parametrize("name", SECRET_NAMES)
def test_a_value_of_a_secret_name_is_masked(name):
    assert masker.mask({"a": [{name: f"{ONE} {TWO}", "n": 1}]}) == {"a": [{name: MASK, "n": 1}]}
    assert ONE not in masker.mask_text(f"x {name}={ONE}, n=1")


@pytest.mark.parametrize("name", OTHER_NAMES)
def test_a_value_of_another_name_is_shown(name):
    assert masker.mask({name: "some text"}) == {name: "some text"}
    assert masker.mask_text(f"{name}=some, n=1") == f"{name}=some, n=1"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ([{"name": "DB_PASSWORD", "value": ONE}, {"name": "HOST", "value": "db"}],
         [{"name": "DB_PASSWORD", "value": MASK}, {"name": "HOST", "value": "db"}]),
        ([{"Key": "api_key", "Value": {"x": ONE}}], [{"Key": "api_key", "Value": MASK}]),
        ({"name": "DB_PASSWORD", "valueFrom": {"ref": "db"}}, {"name": "DB_PASSWORD", "valueFrom": {"ref": "db"}}),
        (["run", "--password", ONE, "--host", "db"], ["run", "--password", MASK, "--host", "db"]),
        (["run", f"--password={ONE} {TWO}", "-v"], ["run", f"--password={MASK}", "-v"]),
        (["run", "--max-tokens", "512"], ["run", "--max-tokens", "512"]),
        ([["Authorization", f"Bearer {ONE}"], ["Host", "x"]], [["Authorization", MASK], ["Host", "x"]]),
        ({f"postgres://u:{ONE}@h": 1, f"postgres://u:{TWO}@h": 2},
         {f"postgres://u:{MASK}@h": 1, f"postgres://u:{MASK}@h ": 2}),
        ({"tokens": 812, "sessions": 3.5, "token": 812}, {"tokens": 812, "sessions": 3.5, "token": MASK}),
        ({"text": f"a\npassword: {ONE}\nb"}, {"text": f"a\npassword: {MASK}\nb"}),
    ],
)  # fmt: skip
def test_lists_of_variables_arguments_and_headers_are_masked(value, shown):
    assert masker.mask([value]) == [shown]


def test_a_name_of_a_team_is_found_in_every_part():
    own = Masker(["iban", "Patient-No"])
    assert own.mask({"customeriban": ONE, "patient_no_2": 5, "password": "shown"}) == {
        "customeriban": MASK, "patient_no_2": MASK, "password": "shown",
    }  # fmt: skip
    assert own.mask_text(f"Customer-IBAN: {ONE} {TWO}") == f"Customer-IBAN: {MASK}"


@given(st.text(alphabet="pas swordtoken:=\"'\\{[(,;&\n-@/?eyJ.", max_size=80))
def test_masking_a_text_twice_changes_nothing_more_than_once(text):
    once = masker.mask_text(text)
    assert masker.mask_text(once) == once


LONG = 100_000
HOSTILE = [
    "a", ":", "=", " ", "-", "--", "\\", '"', "'", "[", "(", "://", "://a:b", "http://a:b,", "password", "password ",
    "password=", "password: ", "password='", "password=[", "password=(", "password: x ", "password=x;", "token=x&",
    "name: ", "name: [", 'name: "token", ', "token:\n", "token: |\n", "--token ", "Bearer ", "eyJ", "eyJ.", "sk-",
    "AKIA", "-----BEGIN PRIVATE KEY-----", "-----END PRIVATE KEY-----", "<token>", "<token ", "cookie: ",
    "password=\\\"", "\n", "password = a ", "api key ", "-u a:", "identified by '", "pass 'x", "password==", "a.b.",
    "&#;,", "basic a1",
]  # fmt: skip


@pytest.mark.parametrize("piece", HOSTILE)
def test_the_time_grows_with_the_length_of_a_text_and_not_faster(piece):
    def spent(length):
        text = piece * (length // len(piece))
        times = []
        for _ in range(3):
            start = time.process_time()
            masker.mask_text(text)
            times.append(time.process_time() - start)
        return min(times)

    # Ten times the text takes ten times as long, and a hundred times where each part looks at all the others.
    assert spent(LONG) < 40 * max(spent(LONG // 10), 0.002)


def test_a_tree_is_json_after_masking():
    value = {"a": [1, None, True, "x", {"token": [1]}], "b": {}}
    assert json.loads(json.dumps(masker.mask(value))) == {"a": [1, None, True, "x", {"token": MASK}], "b": {}}
