/** What the README shows. */
// #region join
import { workloadApi } from '@heddle/workload-api';
import { join } from 'heddle';

export const joinByAgent = () => join({ identity: workloadApi() });
// #endregion
