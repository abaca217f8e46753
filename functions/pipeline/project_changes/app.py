"""Table stream consumer (placeholder until the package stands)."""


def handler(event, _context):
    print(len(event["Records"]))
    return {"batchItemFailures": []}
