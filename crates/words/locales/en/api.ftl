# Requests that cannot be used, for programs and for pages: a title, then .detail with what to do.

problem-fields = Something needs to be corrected
    .detail = Correct the fields that are named, then send it again.
problem-not-json = The body is not JSON
    .detail = The body stops being JSON in line { $line }, column { $column }. Correct it, then send it again.
problem-not-utf8 = The body is not UTF-8
    .detail = Send the body as JSON in UTF-8.
problem-too-large = The body is too large
    .detail = A body has at most 64 KiB. Send less.
problem-media-type = Unknown type of body
    .detail = Send the body as JSON with Content-Type: application/json.
problem-not-a-form = The request cannot be read
    .detail = The fields of the request cannot be read. Go back to the page before and try again.
problem-interrupted = The request was interrupted
    .detail = The connection ended before all of the body arrived. Send it again.
problem-too-slow = The request arrived too slowly
    .detail = Your connection is slow, so not all of it arrived. Nothing has changed. Send it again.
problem-idempotency-key-missing = Idempotency-Key is missing
    .detail = Add the header Idempotency-Key with a random value, such as a UUID, so that this request is safe to send twice. Use the same value only to send the same request again.
problem-idempotency-key-unusable = Idempotency-Key cannot be used
    .detail = An Idempotency-Key has 1 to 255 visible ASCII characters without spaces, for example a UUID.
problem-not-found = Page not found
    .detail = There is nothing at this address. Check the address, or begin at the start page.
problem-method-not-allowed = This address is used in another way
    .detail = The address exists but does not take this method. Begin again at the page before.
problem-other-site = The form came from another site
    .detail = For safety, forms are taken from the pages of this service only. Open the page here, then send it again.

input-missing = This field is missing. Please fill it in.
input-unknown = There is no field of this name. Leave it out, or check how it is spelt.
input-type = This field must be of type { $wanted }.
input-not-one-of = Choose one of: { $allowed }.
input-not-an-id = There is no such code or number. Please check it.
input-too-many = At most { $max } items.
input-too-long = At most { $max } characters.
input-code = A code has 6 digits. Please check the last message.
input-point = Write latitude and longitude in degrees, such as 1.13,104.05.
