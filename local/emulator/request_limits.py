"""What AWS refuses of a request and MiniStack takes. A test for each: tests/stack/test_emulator_limits.py.

Each rule names where AWS states it. MiniStack has most others: DynamoDB's own keys, items, numbers, nesting,
expressions, transactions and pages; SQS's bodies, characters and batches.
"""

import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

from ministack.core.responses import error_response_json, error_response_xml, json_response
from ministack.services import dynamodb, eventbridge, lambda_svc, s3, sqs, stepfunctions

from local.emulator import limits

KB = 1024
MB = 1024 * KB

# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html, "Partition key values", "Sort key
# values"; a secondary index has the same: SecondaryIndexes.html.
KEY_BYTES = {"HASH": 2048, "RANGE": 1024}
# https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html
BATCH_GET_BYTES = 16 * MB
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html: with the attributes
MESSAGE_BYTES = MB
DELAY_SECONDS = 900
# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevent-size.html: all entries together
EVENTS_BYTES = 256 * KB
EVENT_TIME_BYTES = 14
# https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html, "Input or output data size"
STATES_BYTES = 256 * KB
# https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html and API_CreateStateMachine.html
STATES_NAME = re.compile(r"[^\s<>{}\[\]?*\"#%\\^|~`$&,;:/\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]{1,80}")
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html
OBJECT_KEY_BYTES = 1024
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html: names and values, without their prefix
METADATA_BYTES = 2 * KB
METADATA_PREFIX = "x-amz-meta-"
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-tagging.html, in characters
TAG_CHARACTERS = (128, 256)
# https://docs.aws.amazon.com/lambda/latest/dg/API_Invoke.html
PAYLOAD_BYTES = {"RequestResponse": 6 * MB, "Event": MB}
# https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html, "Reserved environment variables"
RESERVED_VARIABLES = frozenset(
    {
        "_HANDLER",
        "_X_AMZN_TRACE_ID",
        "AWS_ACCESS_KEY",
        "AWS_ACCESS_KEY_ID",
        "AWS_DEFAULT_REGION",
        "AWS_EXECUTION_ENV",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
        "AWS_LAMBDA_FUNCTION_NAME",
        "AWS_LAMBDA_FUNCTION_VERSION",
        "AWS_LAMBDA_INITIALIZATION_TYPE",
        "AWS_LAMBDA_LOG_GROUP_NAME",
        "AWS_LAMBDA_LOG_STREAM_NAME",
        "AWS_LAMBDA_RUNTIME_API",
        "AWS_REGION",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "LAMBDA_RUNTIME_DIR",
        "LAMBDA_TASK_ROOT",
    }
)

Answer = tuple[int, dict, bytes]
Check = Callable[..., Answer | None]
_original_empty = dynamodb._index_key_empty_reason
_original_batch_get = dynamodb._batch_get_item
_original_message = sqs._act_send_message
_original_invoke = lambda_svc._invoke


def install() -> None:
    """Have these refused."""
    dynamodb._index_key_empty_reason = index_key_reason
    dynamodb._batch_get_item = batch_get_item
    sqs._act_send_message = sqs._HANDLERS["SendMessage"] = send_message
    lambda_svc._invoke = invoke
    for module, name, check in (
        (eventbridge, "_put_events", events_refusal),
        (stepfunctions, "_create_state_machine", machine_refusal),
        (stepfunctions, "_start_execution", execution_refusal),
        (stepfunctions, "_send_task_success", output_refusal),
        (s3, "_put_object", object_refusal),
        (s3, "_create_multipart_upload", upload_refusal),
        (lambda_svc, "_create_function", function_refusal),
        (lambda_svc, "_update_config", configuration_refusal),
    ):
        setattr(module, name, checked(check, getattr(module, name)))


def checked(check: Check, function: Callable) -> Callable:
    """Do what a request asks for, unless it is refused."""
    return lambda *request, **more: check(*request) or function(*request, **more)


def invalid(message: str, code: str = "ValidationException") -> Answer:
    """A refusal of a service that speaks JSON."""
    return error_response_json(code, message, 400)


def size(text: str) -> int:
    """The bytes of a text."""
    return len(text.encode("utf-8", "surrogatepass"))


# ---------------------------------------------------------------- DynamoDB


def index_key_reason(table: dict, item: dict, update_expr: bool = False) -> str | None:
    """Why an item's keys of secondary indexes are refused: empty, which MiniStack knows, or too long."""
    for index in table.get("GlobalSecondaryIndexes", []) + table.get("LocalSecondaryIndexes", []):
        for key in index["KeySchema"]:
            value = item.get(key["AttributeName"], {})
            limit = KEY_BYTES[key["KeyType"]]
            text = value.get("S", "")
            if len(text) * 4 > limit and size(text) > limit:
                return (
                    f"One or more parameter values were invalid: Size of {key['KeyType'].lower()}key has exceeded the "
                    f"maximum size limit of {limit} bytes. IndexName: {index['IndexName']}, "
                    f"IndexKey: {key['AttributeName']}"
                )
    return _original_empty(table, item, update_expr=update_expr)


def batch_get_item(request: dict) -> Answer:
    """Answer a BatchGetItem with as many items as fit, and name the keys of the others."""
    answer = _original_batch_get(request)
    if answer[0] != 200 or len(answer[2]) <= BATCH_GET_BYTES:
        return answer
    left, taken, rest = BATCH_GET_BYTES, {}, {}
    for name, wanted in request["RequestItems"].items():
        table = dynamodb._tables.get(dynamodb._normalize_table_name(name))
        for key in wanted["Keys"]:
            found = dynamodb._get_item_by_key(table, key)
            left -= dynamodb._item_size_bytes(found) if found else 0
            part = taken if left >= 0 else rest
            part.setdefault(name, wanted | {"Keys": []})["Keys"].append(key)
    body = json.loads(_original_batch_get(request | {"RequestItems": taken})[2])
    return json_response(body | {"UnprocessedKeys": rest})


# ---------------------------------------------------------------- SQS, EventBridge


def send_message(request: dict, url: str) -> dict:
    """Send a message, unless it is too long with its attributes or too far off."""
    total = size(request.get("MessageBody", ""))
    for name, value in (request.get("MessageAttributes") or {}).items():
        content = value.get("StringValue") or value.get("BinaryValue") or ""
        total += size(name) + size(value.get("DataType", "")) + (size(content) if isinstance(content, str) else 0)
    if total > MESSAGE_BYTES:
        reason = f"One or more parameters are invalid. Reason: Message must be shorter than {MESSAGE_BYTES} bytes."
        raise sqs._Err("InvalidParameterValue", reason)
    delay = int(request.get("DelaySeconds") or 0)
    if not 0 <= delay <= DELAY_SECONDS:
        reason = f"Value {delay} for parameter DelaySeconds is invalid. Reason: DelaySeconds must be >= 0 and <= 900."
        raise sqs._Err("InvalidParameterValue", reason)
    return _original_message(request, url)


def events_refusal(request: dict, *_: Any) -> Answer | None:
    """Why a PutEvents is refused as a whole."""
    entries = request.get("Entries") or []
    if not entries:
        return invalid("1 validation error detected: Value '[]' at 'entries' failed to satisfy constraint: Member must")
    total = 0
    for entry in entries:
        texts = [entry.get(field) or "" for field in ("Source", "DetailType", "Detail")] + (
            entry.get("Resources") or []
        )
        total += sum(size(text) for text in texts) + (EVENT_TIME_BYTES if "Time" in entry else 0)
    if total > EVENTS_BYTES:
        return invalid("Total size of the entries in the request is over the limit.")
    return None


# ---------------------------------------------------------------- Step Functions


def machine_refusal(request: dict) -> Answer | None:
    """Why a CreateStateMachine is refused."""
    return name_refusal(request.get("name"))


def execution_refusal(request: dict, *_: Any) -> Answer | None:
    """Why a StartExecution is refused."""
    if "name" in request and (refusal := name_refusal(request["name"])):
        return refusal
    text = request.get("input", "{}")
    if size(text) > STATES_BYTES:
        return too_long("input")
    try:
        json.loads(text)
    except ValueError as error:
        return invalid(f"Invalid State Machine Execution Input: '{error}'", "InvalidExecutionInput")
    return None


def output_refusal(request: dict) -> Answer | None:
    """Why a SendTaskSuccess is refused."""
    return too_long("output") if size(request.get("output", "")) > STATES_BYTES else None


def name_refusal(name: Any) -> Answer | None:
    """Why a name is refused."""
    if isinstance(name, str) and STATES_NAME.fullmatch(name):
        return None
    return invalid(f"Invalid Name: '{name}'", "InvalidName")


def too_long(field: str) -> Answer:
    """The refusal of an input or output."""
    constraint = f"Member must have length less than or equal to {STATES_BYTES}"
    return invalid(f"1 validation error detected: Value at '{field}' failed to satisfy constraint: {constraint}")


# ---------------------------------------------------------------- S3


def object_refusal(bucket: str, key: str, _body: bytes, headers: dict) -> Answer | None:
    """Why a PutObject is refused."""
    return upload_refusal(bucket, key, headers)


def upload_refusal(_bucket: str, key: str, headers: dict) -> Answer | None:
    """Why an object, or an upload in parts, is refused."""
    if size(key) > OBJECT_KEY_BYTES:
        return error_response_xml("KeyTooLongError", "Your key is too long", 400)
    metadata = {name: value for name, value in headers.items() if name.lower().startswith(METADATA_PREFIX)}
    if sum(size(name) - len(METADATA_PREFIX) + size(value) for name, value in metadata.items()) > METADATA_BYTES:
        message = "Your metadata headers exceed the maximum allowed metadata size"
        return error_response_xml("MetadataTooLarge", message, 400)
    tags = next((value for name, value in headers.items() if name.lower() == "x-amz-tagging"), "")
    if any(len(text) > limit for tag in parse_qsl(tags, True) for text, limit in zip(tag, TAG_CHARACTERS, strict=True)):
        return error_response_xml("InvalidTag", "A tag's key or value is too long", 400)
    return None


# ---------------------------------------------------------------- Lambda


async def invoke(name: str, event: Any, headers: dict, *more: Any) -> Answer:
    """Invoke a function, unless the payload is too long; an answer that is too long is the function's failure."""
    kind = next((value for key, value in headers.items() if key.lower() == "x-amz-invocation-type"), "RequestResponse")
    length = next((int(value) for key, value in headers.items() if key.lower() == "content-length"), 0)
    limit = PAYLOAD_BYTES.get(kind, PAYLOAD_BYTES["RequestResponse"])
    if length > limit:
        message = f"Request must be smaller than {limit} bytes for the {kind} invocation type"
        return error_response_json("RequestTooLargeException", message, 413)
    answer = await _original_invoke(name, event, headers, *more)
    if kind == "RequestResponse" and answer[0] == 200 and len(answer[2]) > PAYLOAD_BYTES[kind]:
        message = f"Response payload size exceeded maximum allowed payload size ({PAYLOAD_BYTES[kind]} bytes)."
        body = {"errorMessage": message, "errorType": "Function.ResponseSizeTooLarge"}
        return 200, answer[1] | {"X-Amz-Function-Error": "Unhandled"}, json.dumps(body).encode()
    return answer


def function_refusal(request: dict) -> Answer | None:
    """Why a CreateFunction is refused."""
    name = request.get("FunctionName", "")
    if not limits.FUNCTION_NAME.fullmatch(name.rpartition(":")[2]):
        constraint = f"Member must satisfy regular expression pattern: {limits.FUNCTION_NAME.pattern}"
        return invalid(f"1 validation error detected: Value '{name}' at 'functionName' failed: {constraint}")
    return configuration_refusal(name, request)


def configuration_refusal(_name: str, request: dict) -> Answer | None:
    """Why the configuration of a function is refused."""
    if not 1 <= request.get("Timeout", 1) <= limits.FUNCTION_SECONDS_MAX:
        return invalid("1 validation error detected: Value at 'timeout' failed to satisfy constraint: at most 900")
    variables = (request.get("Environment") or {}).get("Variables") or {}
    if reserved := RESERVED_VARIABLES & variables.keys():
        message = f"Lambda was unable to configure your environment variables: {sorted(reserved)} are reserved keys"
        return invalid(message, "InvalidParameterValueException")
    if size(json.dumps(variables, ensure_ascii=False, separators=(",", ":"))) > limits.VARIABLES_MAX:
        message = "Lambda was unable to configure your environment variables: they are larger than 4 KB"
        return invalid(message, "InvalidParameterValueException")
    return None
