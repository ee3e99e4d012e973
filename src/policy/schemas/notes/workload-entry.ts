import { type Notes, partly, yes } from '../note.js';

export const workloadEntryNotes: Notes = {
  address: yes('IP address, name or `unix://` path'),
  ports: yes("by the name of the service's port; left out: its target port"),
  labels: yes('for the `workloadSelector` of ServiceEntries and for subsets'),
  network: partly('told as HDL0006, without effect: there is one network'),
  locality: yes('`region/zone/sub-zone`, for the load balancer'),
  weight: yes('share among the endpoints of a service', { default: 1 }),
  serviceAccount: yes('the identity that it must prove'),
};
