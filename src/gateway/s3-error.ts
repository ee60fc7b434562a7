export { errorKinds, S3Error, type ErrorDetails, type ErrorKind } from "../model/errors.js";
