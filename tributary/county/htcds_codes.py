"""HTCDS 2.0 (UNMigration/HTCDS, CC BY 4.0): columns of the sheet, choices as code and label."""

from __future__ import annotations

from typing import Final

#: (system name, label) by column from B on, with the template's own faults: a misspelt name, a
#: blank one, and five mailing columns whose names stand in another order than the labels.
TEMPLATE: Final = (
    ("cas_CaseOwner", "Case Owner"),
    ("prs_Salutation", "Salutation"),
    ("prs_FirstName", "First Name"),
    ("prs_SecondName", "Second Name"),
    ("con_Consent", "Consent"),
    ("prs_Birthdate", "Birthdate"),
    ("prs_Gender", "Gender"),
    ("prs_Citizenship", "Citizenship"),
    ("prs_Title", "Title"),
    ("prs_Email", "Email"),
    ("prs_HomePhone", "Home Phone"),
    ("prs_MobilePhone", "Mobile Phone"),
    ("prs_MailingCity", "Mailing Street"),
    ("prs_MailingCountry", "Mailing City"),
    ("prs_MailingState", "Mailing State/Province"),
    ("prs_MailingStreet", "Mailing Zip/Postal Code"),
    ("prs_MailingPostalCode", "Mailing Country"),
    ("vic_TraffickingStatus", "Trafficking Status"),
    ("vic_TraffickinStatusDecisionMakingOrg", "Trafficking Status Decision Making Organization"),
    ("vic_MethodOfRecruitment", "Method of Recruitment"),
    ("vic_LocationOfRecruitment", "Location of Recruitment"),
    ("vic_MethodsOfControl", "Methods of Control"),
    ("vic_TypeOfExploitation", "Type of Exploitation"),
    ("vic_ForcedLabourIndustry", "Forced Labour Industry"),
    ("vic_TypeOfSexExploitation", "Type of Sex Exploitation"),
    ("vic_LocationOfExploitation", "Location of Exploitation"),
    ("cas_Status", "Status"),
    ("cas_ReferringOrganisation", "Referring Organisation"),
    ("cas_IncomingReferralDate", "Incoming Referral Date"),
    ("cas_ReferringPrimaryCaseWorker", "Referring Primary Case Worker"),
    ("cas_ReasonForIncomingReferral", "Reason for Incoming Referral"),
    ("cas_IncomingReferralDetails", "Incoming Referral Details"),
    ("cas_ReferredOrganisation", "Referred Organisation"),
    ("cas_ReferredPrimaryCaseWorker", "Referred Primary Case Worker"),
    ("", "Reason for Outgoing Referral"),
    ("cas_OutgoingReferralDate", "Outgoing Referral Date"),
    ("cas_OutgoingReferralDetails", "Outgoing Referral Details"),
    ("cas_ReasonForCaseClosure", "Reason for Case Closure"),
)
#: What the nonprofit added on the right: its consent and case columns, fields of the standard that
#: the sheet lacks, and two that the Counter Trafficking Data Collaborative asks for.
ADDED: Final = (
    ("con_ConsentDate", "Consent Date"),
    ("con_ConsentExpiry", "Consent Expiry"),
    ("cas_CaseNumber", "Case Number"),
    ("cas_ReferringOrganisationType", "Referring Organisation Type"),
    ("vic_RelationshipToTrafficker", "Relationship to Trafficker"),
    ("vic_AgeWhenTrafficked", "Age when Trafficked"),
    ("vic_CountryOfExploitation", "Country of Exploitation"),
    ("vic_MonthsTrafficked", "Months Trafficked"),
    ("cco_CaseComment", "Case Comment"),
    ("vic_DetailsOfVulnerabilities", "Details Of Vulnerabilities"),
    ("spl_Objectives", "Objectives"),
)
COLUMNS: Final = (*TEMPLATE, *ADDED)
LABELS: Final = tuple(label for _, label in COLUMNS)

#: Labels of the choices, in the order of the codes in ``facts``; one label of the standard's sheet
#: ends with a blank.
MEANS: Final = (
    "Physical threats",
    "Threats of law enforcement",
    "Threatens children/family",
    "Debt bondage ",
    "False promises",
    "Physical abuse",
    "Sexual abuse",
    "Takes earnings",
    "Restricts financial access",
    "Restricts medical care",
    "Withholds necessities",
    "Psychological abuse",
    "Psychoactive substance",
    "Excessive working hours",
    "Withholds documents",
    "Other",
)
METHODS: Final = (
    "At a place of business",
    "At an educational institution",
    "At work",
    "Through online social networks",
    "Through an online advertisement",
    "Through a television advert",
    "Through a newspaper advert",
    "Through family or family events",
    "Through friends or social events",
    "Other",
)
INDUSTRIES: Final = {
    "A": ("A_AgricultureForestryAndFishing", "Agriculture, forestry and fishing"),
    "C": ("C_Manufacturing", "Manufacturing"),
    "F": ("F_Construction", "Construction"),
    "H": ("H_TransportationAndStorage", "Transportation and storage"),
    "I": ("I_AccommodationAndFoodServiceActivities", "Accommodation and food service activities"),
    "N": (
        "N_AdministrativeAndSupportServiceActivities",
        "Administrative and support service activities",
    ),
    "S": ("S_OtherServiceActivities", "Other service activities"),
    "T": (
        "T_ActivitiesOfHouseholdsAsEmployers",
        "Activities of households as employers; undifferentiated goods- and services- producing "
        "activities of households for own use",
    ),
}
SEX_TYPES: Final = (
    "Prostitution",
    "Pornography",
    "Remote Interactive Services",
    "Private Sexual Services",
)
GENDERS: Final = ("Feminine", "Masculine", "NonConforming")
STATUSES: Final = (
    ("ActualVictimOfTrafficking", "Actual victim of trafficking"),
    ("PossibleVictimOfTrafficking", "Possible victim of trafficking"),
    ("NotAVictimOfTrafficking", "Not a victim of trafficking"),
)
DECIDERS: Final = (
    ("Police", "Police"),
    ("NGO", "NGO"),
    ("CourtOrProsecution", "Court or prosecution"),
    ("NonPoliceGovernmentalOrganization", "Non-police governmental organization"),
)
CASE_STATUSES: Final = (("Active", "Active"), ("FollowUp", "Follow up"), ("Closed", "Closed"))
EXPLOITATION: Final = (
    ("ForcedLabour", "Forced labour"),
    ("SexualExploitation", "Sexual exploitation"),
    ("ChildLabour", "Child labour"),
    ("Servitude", "Servitude"),
    ("ForcedBegging", "Forced begging"),
)
#: In the order of ``facts.RECRUITERS``; the standard spells the last one so.
RELATIONSHIPS: Final = ("Acquainted", "Acquainted", "Familial", "Unaquainted", None)
ORGANISATION_TYPES: Final = (
    ("LawEnforcement", "Law Enforcement"),
    ("NGO", "NGO"),
    ("LegalService", "Legal Service"),
    ("HealthServiceOrganisation", "Health Service Organisation"),
)
REASONS: Final = ("Additional Services Required", "Migration Or Change Of Location", "Other")
#: Direct identifiers and short texts; birth date and case number are marked in their own way, and
#: notes carry the marked names.
DIRECT: Final = (
    "prs_FirstName",
    "prs_SecondName",
    "prs_Email",
    "prs_HomePhone",
    "prs_MobilePhone",
    "prs_MailingStreet",
    "cas_CaseOwner",
    "cas_ReferringPrimaryCaseWorker",
    "cas_ReferredPrimaryCaseWorker",
    "cas_ReasonForCaseClosure",
    "vic_LocationOfRecruitment",
    "vic_LocationOfExploitation",
    "cas_ReferringOrganisation",
    "cas_ReferredOrganisation",
)
