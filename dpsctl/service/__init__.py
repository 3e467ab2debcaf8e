"""The real services over HTTP: who asks and where, one method a REST call, what refusals mean."""
