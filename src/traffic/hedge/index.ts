export {
  decideHedge,
  type HedgeFacts,
  type HedgeStop,
  type HedgeVerdict,
  isGood,
  mayHedge,
} from './decide.js';
export { type Begun, type RaceOptions, raceAttempts } from './race.js';
