"""Table stream consumer (placeholder until the package stands)."""


def handler(event, context):
    print(len(event["Records"]))
    return {"batchItemFailures": []}
