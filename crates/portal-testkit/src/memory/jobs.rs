use std::sync::Arc;

use async_trait::async_trait;
use portal_domain::{
    change::Change,
    id::{JobId, PracticeId},
    job::{HeadsDigest, Job, JobRow, JobState, ToldColumns},
    port::{Jobs, Page, RowFilter, StoreError},
    time::Timestamp,
};

use super::{
    MemoryStore,
    commit::{Stop, fits},
    fault::{Fault, Faults},
    state::{StoredRow, Tenant},
};

/// Writes what a commit says of jobs.
pub(super) fn apply(tenant: &mut Tenant, change: &Change, faults: Faults) -> Result<(), Stop> {
    match change {
        Change::PutJob(job) => {
            let before = tenant.jobs.insert(job.id, Job::clone(job)).map_or(0, |before| before.version);
            fits(before + 1 == job.version || faults.has(Fault::JobVersionsIgnored))
        }
        Change::StageRows { job, rows } => {
            fits(tenant.jobs.contains_key(job))?;
            rows.iter().try_for_each(|row| {
                let stored = StoredRow { row: row.clone(), staged: row.settled.is_some() };
                fits(tenant.job_rows.insert((*job, row.place), stored).is_none())
            })
        }
        Change::SettleRows { job, rows } => rows.iter().try_for_each(|settled| {
            let stored = tenant.job_rows.get_mut(&(*job, settled.place)).ok_or(Stop::Conflict)?;
            let before = stored.row.settled.replace(settled.clone());
            fits(before.is_none() || faults.has(Fault::RowsSettledTwice))
        }),
        Change::RestartRows { job, most } => {
            let rows = tenant.job_rows.range_mut((*job, i64::MIN)..=(*job, i64::MAX));
            rows.filter(|(_, stored)| stored.row.settled.is_some())
                .filter(|(_, stored)| !stored.staged || faults.has(Fault::StagedRowsRestarted))
                .take(*most as usize)
                .for_each(|(_, stored)| stored.row.settled = None);
            Ok(())
        }
        _ => Ok(()),
    }
}

impl MemoryStore {
    fn job_rows(
        &self,
        practice: PracticeId,
        job: JobId,
        page: &Page<i64>,
        wanted: impl Fn(&JobRow) -> bool,
    ) -> Vec<JobRow> {
        self.see(|state| {
            let after = page.after.map_or(i64::MIN, |after| after.saturating_add(1));
            let rows = state.tenants.get(&practice).into_iter();
            let rows = rows.flat_map(|tenant| tenant.job_rows.range((job, after)..=(job, i64::MAX)));
            rows.map(|(_, stored)| &stored.row).filter(|row| wanted(row)).take(page.limit as usize).cloned().collect()
        })
    }
}

#[async_trait]
impl Jobs for MemoryStore {
    async fn job(&self, practice: PracticeId, job: JobId) -> Result<Option<Job>, StoreError> {
        Ok(self.see(|state| state.tenants.get(&practice)?.jobs.get(&job).cloned()))
    }

    async fn list(&self, practice: PracticeId, page: &Page<JobId>) -> Result<Vec<Job>, StoreError> {
        Ok(self.see(|state| {
            let jobs = state.tenants.get(&practice).into_iter().flat_map(|tenant| tenant.jobs.values());
            let stored = |job: &&Job| job.state != JobState::Staging || self.faults.has(Fault::StagedJobsListed);
            let mut jobs: Vec<_> = jobs.filter(stored).cloned().collect();
            jobs.sort_by_key(|job| std::cmp::Reverse(job.id));
            jobs.retain(|job| page.after.is_none_or(|after| job.id < after));
            jobs.truncate(page.limit as usize);
            jobs
        }))
    }

    async fn lease(&self, now: Timestamp, until: Timestamp, dry_too: bool) -> Result<Option<Job>, StoreError> {
        tokio::task::yield_now().await;
        Ok(self.change(|state| {
            let dry_too = dry_too || self.faults.has(Fault::DryRunsLeasedUnasked);
            let turns = !self.faults.has(Fault::JobTurnsIgnored);
            let jobs = state.tenants.values().flat_map(|tenant| {
                let turn = if turns { tenant.job_turn } else { 0 };
                tenant.jobs.values().map(move |job| (turn, job))
            });
            let jobs = jobs.filter(|(_, job)| dry_too || !job.spec.is_dry());
            let due = jobs
                .filter_map(|(turn, job)| Some((turn, job.due_at.filter(|due| *due <= now)?, job.id, job.practice)));
            let (_, _, id, practice) = due.min()?;
            let next = state.tenants.values().map(|tenant| tenant.job_turn).max().unwrap_or_default() + 1;
            let tenant = Arc::make_mut(state.tenants.get_mut(&practice)?);
            tenant.job_turn = next;
            let job = tenant.jobs.get_mut(&id)?;
            if !self.faults.has(Fault::JobLeasedTwice) {
                job.due_at = Some(until);
            }
            job.version += 1;
            Some(job.clone())
        }))
    }

    async fn unsettled(&self, practice: PracticeId, job: JobId, page: &Page<i64>) -> Result<Vec<JobRow>, StoreError> {
        Ok(self.job_rows(practice, job, page, |row| row.settled.is_none()))
    }

    async fn rows(
        &self,
        practice: PracticeId,
        job: JobId,
        filter: &RowFilter,
        page: &Page<i64>,
    ) -> Result<Vec<JobRow>, StoreError> {
        let right = |row: &JobRow| {
            let outcome = row.settled.as_ref().map(|settled| &settled.outcome);
            let effect = row.settled.as_ref().and_then(|settled| settled.effect());
            (filter.outcome.is_none() || filter.outcome.as_ref() == outcome)
                && (filter.effect.is_none() || filter.effect == effect)
        };
        Ok(self.job_rows(practice, job, page, right))
    }

    async fn forget_jobs(&self, now: Timestamp, most: u32) -> Result<u64, StoreError> {
        Ok(self.change(|state| {
            let mut forgotten = 0;
            for tenant in state.tenants.values_mut().map(Arc::make_mut) {
                let forget_at =
                    |job: &Job| job.forget_at.or(self.faults.has(Fault::JobsAtWorkForgotten).then_some(now));
                let over = |job: &Job| forget_at(job).is_some_and(|at| at <= now);
                let gone: Vec<_> = tenant.jobs.values().filter(|job| over(job)).map(|job| job.id).collect();
                let rows = tenant.job_rows.keys().filter(|(job, _)| gone.contains(job));
                let rows: Vec<_> = rows.take((most as usize).saturating_sub(forgotten)).copied().collect();
                forgotten += rows.len();
                rows.iter().for_each(|row| drop(tenant.job_rows.remove(row)));
                for job in gone {
                    if tenant.job_rows.range((job, i64::MIN)..=(job, i64::MAX)).next().is_none() {
                        tenant.jobs.remove(&job);
                        forgotten += 1;
                    }
                }
            }
            forgotten as u64
        }))
    }

    async fn keep_columns(&self, practice: PracticeId, told: &ToldColumns, most: u32) -> Result<(), StoreError> {
        self.change(|state| {
            let Some(tenant) = state.tenants.get_mut(&practice).map(Arc::make_mut) else { return };
            let kept = &mut tenant.told_columns;
            kept.insert(told.heads, told.clone());
            while kept.len() > most as usize && !self.faults.has(Fault::ColumnsPiledUp) {
                let first = kept.values().min_by_key(|told| (told.told_at, std::cmp::Reverse(told.heads)));
                let first = first.map(|told| told.heads);
                kept.retain(|heads, _| Some(*heads) != first);
            }
        });
        Ok(())
    }

    async fn kept_columns(&self, practice: PracticeId, heads: HeadsDigest) -> Result<Option<String>, StoreError> {
        let theirs = |id: &PracticeId| *id == practice || self.faults.has(Fault::ColumnsOfOthersTold);
        Ok(self.see(|state| {
            let tenants = state.tenants.iter().filter(|(id, _)| theirs(id));
            tenants.filter_map(|(_, tenant)| tenant.told_columns.get(&heads)).map(|told| told.said.clone()).next()
        }))
    }
}
