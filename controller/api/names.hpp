#pragma once

#include <string_view>

// Every label, annotation, name and reason that is written to the cluster, defined once.
namespace curfew::api {

inline constexpr std::string_view kGroup = "curfew.dev";
inline constexpr std::string_view kGroupVersion = "curfew.dev/v1alpha1";

inline constexpr std::string_view kControllerNamespace = "curfew-system";
inline constexpr std::string_view kControllerUser = "system:serviceaccount:curfew-system:curfew";
inline constexpr std::string_view kFieldManager = "curfew";
inline constexpr std::string_view kReportingController = "curfew.dev/controller";
inline constexpr std::string_view kLeaseName = "curfew";
inline constexpr std::string_view kGuardConfigMap = "curfew-guard";
// The aggregated ClusterRole that allows Curfew to bind roles.
inline constexpr std::string_view kGrantableRole = "curfew-grantable";

// On managed RoleBindings.
inline constexpr std::string_view kRequestUidLabel = "curfew.dev/request-uid";
inline constexpr std::string_view kExpiresAtAnnotation = "curfew.dev/expires-at";
inline constexpr std::string_view kRequestAnnotation = "curfew.dev/request";  // NAMESPACE/NAME
inline constexpr std::string_view kPolicyAnnotation = "curfew.dev/policy";    // NAME
// Usernames as a JSON list.
inline constexpr std::string_view kApprovedByAnnotation = "curfew.dev/approved-by";
// On requests that extend another: the guard compares them with that one.
inline constexpr std::string_view kExtendsLabel = "curfew.dev/extends";
inline constexpr std::string_view kBindingPrefix = "curfew-";

// Condition types.
inline constexpr std::string_view kApproved = "Approved";
inline constexpr std::string_view kGranted = "Granted";
inline constexpr std::string_view kReady = "Ready";
// On requests: an aggregated role's rules differ from those at the time of the request.
inline constexpr std::string_view kRoleDrifted = "RoleDrifted";
// On requests whose access outlives their policy: only the requester, the subject and those who approved may
// decide.
inline constexpr std::string_view kPolicyMissing = "PolicyMissing";
// On requests whose access has ended and is to be reviewed.
inline constexpr std::string_view kReviewed = "Reviewed";
// On policies: spec.suspend is true.
inline constexpr std::string_view kSuspended = "Suspended";
// On policies: a role lets its holder keep access beyond the grant.
inline constexpr std::string_view kOutlivesGrant = "OutlivesGrant";
// On policies: a username that it names is not one person's.
inline constexpr std::string_view kSharedIdentity = "SharedIdentity";
// On policies: RBAC does not allow Curfew to bind a role that the policy offers.
inline constexpr std::string_view kRoleNotBindable = "RoleNotBindable";
// On policies: a ClusterRole has rules of which a RoleBinding gives nothing.
inline constexpr std::string_view kClusterScopedRules = "ClusterScopedRules";

// AccessPolicy.spec.scope; the default is Namespaced.
inline constexpr std::string_view kClusterScope = "Cluster";

// The verb of RBAC on a ClusterRole that allows Curfew to bind it in a ClusterRoleBinding: `bind` does not
// tell it from a RoleBinding.
inline constexpr std::string_view kGrantClusterWide = "grant-cluster-wide";
// The aggregated ClusterRole of the roles that Curfew may grant cluster-wide.
inline constexpr std::string_view kGrantableClusterWideRole = "curfew-grantable-cluster-wide";

// AccessPolicy.spec.onChange; the default is Enforce.
inline constexpr std::string_view kKeep = "Keep";

// Reasons of conditions and denials: why a request is Rejected, Pending or ended.
namespace reason {
inline constexpr std::string_view kPolicyNotFound = "PolicyNotFound";
inline constexpr std::string_view kCheckImpossible = "CheckImpossible";
inline constexpr std::string_view kPolicyNotReady = "PolicyNotReady";
inline constexpr std::string_view kPolicySuspended = "PolicySuspended";
inline constexpr std::string_view kGuardNotInForce = "GuardNotInForce";
inline constexpr std::string_view kRequesterMissing = "RequesterMissing";
inline constexpr std::string_view kRequesterNotAllowed = "RequesterNotAllowed";
inline constexpr std::string_view kSubjectNotAllowed = "SubjectNotAllowed";
inline constexpr std::string_view kRoleNotAllowed = "RoleNotAllowed";
inline constexpr std::string_view kRoleAmbiguous = "RoleAmbiguous";
inline constexpr std::string_view kRoleNotFound = "RoleNotFound";
inline constexpr std::string_view kRoleNotBindable = "RoleNotBindable";
inline constexpr std::string_view kRoleChanged = "RoleChanged";
inline constexpr std::string_view kNothingToTakeBack = "NothingToTakeBack";
inline constexpr std::string_view kScopeNotAllowed = "ScopeNotAllowed";
inline constexpr std::string_view kNamespaceNotAllowed = "NamespaceNotAllowed";
inline constexpr std::string_view kNamespaceReserved = "NamespaceReserved";
inline constexpr std::string_view kDurationInvalid = "DurationInvalid";
inline constexpr std::string_view kDurationTooLong = "DurationTooLong";
inline constexpr std::string_view kReasonRequired = "ReasonRequired";
inline constexpr std::string_view kReasonMismatch = "ReasonMismatch";
inline constexpr std::string_view kReasonPatternInvalid = "ReasonPatternInvalid";
inline constexpr std::string_view kStartTimeInvalid = "StartTimeInvalid";
inline constexpr std::string_view kEndedBefore = "EndedBefore";
inline constexpr std::string_view kStartTimeTooFar = "StartTimeTooFar";
inline constexpr std::string_view kStartMissed = "StartMissed";
inline constexpr std::string_view kScheduled = "Scheduled";
inline constexpr std::string_view kOutsideSchedule = "OutsideSchedule";
inline constexpr std::string_view kScheduleInvalid = "ScheduleInvalid";
inline constexpr std::string_view kTooManyRequests = "TooManyRequests";
inline constexpr std::string_view kTooManyActive = "TooManyActive";
inline constexpr std::string_view kCooldown = "Cooldown";
inline constexpr std::string_view kApproverNotAllowed = "ApproverNotAllowed";
inline constexpr std::string_view kSelfApproval = "SelfApproval";
inline constexpr std::string_view kApprovedTooEarly = "ApprovedTooEarly";
inline constexpr std::string_view kWaitingForApproval = "WaitingForApproval";
inline constexpr std::string_view kNotEnoughApprovals = "NotEnoughApprovals";
inline constexpr std::string_view kTimedOut = "TimedOut";
inline constexpr std::string_view kQuorumReached = "QuorumReached";
inline constexpr std::string_view kNoApprovalNeeded = "NoApprovalNeeded";
inline constexpr std::string_view kBindingCreated = "BindingCreated";
inline constexpr std::string_view kBindingForbidden = "BindingForbidden";
inline constexpr std::string_view kRecordRefused = "RecordRefused";
inline constexpr std::string_view kBindingInvalid = "BindingInvalid";
inline constexpr std::string_view kBindingNameTaken = "BindingNameTaken";
inline constexpr std::string_view kBindingRemoved = "BindingRemoved";
inline constexpr std::string_view kBindingChanged = "BindingChanged";
inline constexpr std::string_view kRecordChanged = "RecordChanged";
inline constexpr std::string_view kStatusChanged = "StatusChanged";
inline constexpr std::string_view kRequestDeleted = "RequestDeleted";
inline constexpr std::string_view kNamespaceDeleted = "NamespaceDeleted";
inline constexpr std::string_view kCurfewRemoved = "CurfewRemoved";
inline constexpr std::string_view kUnstorable = "Unstorable";
inline constexpr std::string_view kExtensionNotAllowed = "ExtensionNotAllowed";
inline constexpr std::string_view kExtendedNotActive = "ExtendedNotActive";
inline constexpr std::string_view kExtendedMismatch = "ExtendedMismatch";
inline constexpr std::string_view kExtendedAlready = "ExtendedAlready";
inline constexpr std::string_view kExtendedAccessEnded = "ExtendedAccessEnded";
inline constexpr std::string_view kBeyondMaxTotal = "BeyondMaxTotal";
inline constexpr std::string_view kNotEnoughReviewers = "NotEnoughReviewers";
inline constexpr std::string_view kReviewPending = "ReviewPending";
inline constexpr std::string_view kReviewOverdue = "ReviewOverdue";
inline constexpr std::string_view kReviewEvaded = "ReviewEvaded";
inline constexpr std::string_view kReviewerNotAllowed = "ReviewerNotAllowed";
inline constexpr std::string_view kReady = "Ready";
}  // namespace reason

// Of an Event: the access of a request that may be extended ends soon.
inline constexpr std::string_view kExpiresSoon = "ExpiresSoon";

}  // namespace curfew::api
