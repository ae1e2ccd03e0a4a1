"""Judges the API's description and real answers with validators that are not ours.

    check.py FILE    {"document": OpenAPI 3.1, "answers": [{"of": "GET /x 200", "schema": "#/…", "body": …}]}

Prints every fault; fails if there is one."""
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "site"))
from openapi_schema_validator import OAS31Validator, oas31_format_checker
from openapi_spec_validator import OpenAPIV31SpecValidator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

given = json.loads(Path(sys.argv[1]).read_text())
document, faults = given["document"], []
for error in OpenAPIV31SpecValidator(document).iter_errors():
    faults.append(f"the description: {'/'.join(map(str, getattr(error, 'absolute_path', [])))}: {str(error).splitlines()[0]}")
registry = Registry().with_resource("urn:api", Resource(contents=document, specification=DRAFT202012))
for answer in given["answers"]:
    schema = {"$ref": "urn:api" + answer["schema"]}
    validator = OAS31Validator(schema, registry=registry, format_checker=oas31_format_checker)
    for error in validator.iter_errors(answer["body"]):
        faults.append(f"{answer['of']}: at {error.json_path}: {error.message[:300]}")
print("\n".join(faults))
print(f"{len(given['answers'])} answers were judged, {len(faults)} faults")
sys.exit(1 if faults or not given["answers"] else 0)
