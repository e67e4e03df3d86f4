// The HTTP API.
export {
  type ApiAppOptions,
  ApiRefusal,
  type Asked,
  addRoute,
  createApp,
  type Route,
  textOf,
} from './app.ts';
