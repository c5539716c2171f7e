"""Columns of the HMIS CSV files, in the order in which HUD's FY2026 sample has them.

FY2024 differs in two files (HMIS CSV Format Specifications FY2024 and FY2026).
"""

from __future__ import annotations

from typing import Final, Literal

Version = Literal["2024", "2026"]

#: Every file but ``Export`` and ``User`` ends with these.
TAIL: Final = ("DateCreated", "DateUpdated", "UserID", "DateDeleted", "ExportID")

_COLUMNS: Final = {
    "Affiliation": """
        AffiliationID ProjectID ResProjectID
    """,
    "Assessment": """
        AssessmentID EnrollmentID PersonalID AssessmentDate AssessmentLocation AssessmentType
        AssessmentLevel PrioritizationStatus
    """,
    "AssessmentQuestions": """
        AssessmentQuestionID AssessmentID EnrollmentID PersonalID AssessmentQuestionGroup
        AssessmentQuestionOrder AssessmentQuestion AssessmentAnswer
    """,
    "AssessmentResults": """
        AssessmentResultID AssessmentID EnrollmentID PersonalID AssessmentResultType
        AssessmentResult
    """,
    "CEParticipation": """
        CEParticipationID ProjectID AccessPoint PreventionAssessment CrisisAssessment
        HousingAssessment DirectServices ReceivesReferrals CEParticipationStatusStartDate
        CEParticipationStatusEndDate
    """,
    "Client": """
        PersonalID FirstName MiddleName LastName NameSuffix NameDataQuality SSN SSNDataQuality DOB
        DOBDataQuality Sex AmIndAKNative Asian BlackAfAmerican HispanicLatinao MidEastNAfrican
        NativeHIPacific White RaceNone AdditionalRaceEthnicity VeteranStatus YearEnteredService
        YearSeparated WorldWarII KoreanWar VietnamWar DesertStorm AfghanistanOEF IraqOIF IraqOND
        OtherTheater MilitaryBranch DischargeStatus
    """,
    "CurrentLivingSituation": """
        CurrentLivingSitID EnrollmentID PersonalID InformationDate CurrentLivingSituation
        CLSSubsidyType VerifiedBy LeaveSituation14Days SubsequentResidence ResourcesToObtain
        LeaseOwn60Day MovedTwoOrMore LocationDetails
    """,
    "Disabilities": """
        DisabilitiesID EnrollmentID PersonalID InformationDate DisabilityType DisabilityResponse
        IndefiniteAndImpairs TCellCountAvailable TCellCount TCellSource ViralLoadAvailable
        ViralLoad ViralLoadSource AntiRetroviral DataCollectionStage
    """,
    "EmploymentEducation": """
        EmploymentEducationID EnrollmentID PersonalID InformationDate LastGradeCompleted
        SchoolStatus Employed EmploymentType NotEmployedReason DataCollectionStage
    """,
    "Enrollment": """
        EnrollmentID PersonalID ProjectID EntryDate HouseholdID RelationshipToHoH EnrollmentCoC
        LivingSituation RentalSubsidyType LengthOfStay LOSUnderThreshold PreviousStreetESSH
        DateToStreetESSH TimesHomelessPastThreeYears MonthsHomelessPastThreeYears
        DisablingCondition DateOfEngagement MoveInDate DateOfPATHStatus ClientEnrolledInPATH
        ReasonNotEnrolled PercentAMI ReferralSource CountOutreachReferralApproaches
        DateOfBCPStatus EligibleForRHY ReasonNoServices RunawayYouth FormerWardChildWelfare
        ChildWelfareYears ChildWelfareMonths FormerWardJuvenileJustice JuvenileJusticeYears
        JuvenileJusticeMonths UnemploymentFam MentalHealthDisorderFam PhysicalDisabilityFam
        AlcoholDrugUseDisorderFam InsufficientIncome IncarceratedParent VAMCStation
        TargetScreenReqd TimeToHousingLoss AnnualPercentAMI LiteralHomelessHistory
        ClientLeaseholder HoHLeaseholder SubsidyAtRisk EvictionHistory CriminalRecord
        IncarceratedAdult PrisonDischarge SexOffender DisabledHoH CurrentPregnant SingleParent
        DependentUnder6 HH5Plus CoCPrioritized HPScreeningScore ThresholdScore
        MentalHealthConsultation
    """,
    "Event": """
        EventID EnrollmentID PersonalID EventDate Event ProbSolDivRRResult ReferralCaseManageAfter
        LocationCrisisOrPHHousing ReferralResult ResultDate
    """,
    "Exit": """
        ExitID EnrollmentID PersonalID ExitDate Destination DestinationSubsidyType
        OtherDestination HousingAssessment SubsidyInformation ProjectCompletionStatus
        EarlyExitReason ExchangeForSex ExchangeForSexPastThreeMonths CountOfExchangeForSex
        AskedOrForcedToExchangeForSex AskedOrForcedToExchangeForSexPastThreeMonths
        WorkplaceViolenceThreats WorkplacePromiseDifference CoercedToContinueWork
        LaborExploitPastThreeMonths CounselingReceived IndividualCounseling FamilyCounseling
        GroupCounseling SessionCountAtExit PostExitCounselingPlan SessionsInPlan
        DestinationSafeClient DestinationSafeWorker PosAdultConnections PosPeerConnections
        PosCommunityConnections AftercareDate AftercareProvided EmailSocialMedia Telephone
        InPersonIndividual InPersonGroup CMExitReason
    """,
    "Export": """
        ExportID SourceType SourceID SourceName SourceContactFirst SourceContactLast
        SourceContactPhone SourceContactExtension SourceContactEmail ExportDate ExportStartDate
        ExportEndDate SoftwareName SoftwareVersion CSVVersion ExportPeriodType ExportDirective
        HashStatus ImplementationID
    """,
    "Funder": """
        FunderID ProjectID Funder OtherFunder GrantID StartDate EndDate
    """,
    "HealthAndDV": """
        HealthAndDVID EnrollmentID PersonalID InformationDate DomesticViolenceSurvivor
        WhenOccurred CurrentlyFleeing GeneralHealthStatus DentalHealthStatus MentalHealthStatus
        PregnancyStatus DueDate DataCollectionStage
    """,
    "HMISParticipation": """
        HMISParticipationID ProjectID HMISParticipationType HMISParticipationStatusStartDate
        HMISParticipationStatusEndDate
    """,
    "IncomeBenefits": """
        IncomeBenefitsID EnrollmentID PersonalID InformationDate IncomeFromAnySource
        TotalMonthlyIncome Earned EarnedAmount Unemployment UnemploymentAmount SSI SSIAmount SSDI
        SSDIAmount VADisabilityService VADisabilityServiceAmount VADisabilityNonService
        VADisabilityNonServiceAmount PrivateDisability PrivateDisabilityAmount WorkersComp
        WorkersCompAmount TANF TANFAmount GA GAAmount SocSecRetirement SocSecRetirementAmount
        Pension PensionAmount ChildSupport ChildSupportAmount Alimony AlimonyAmount
        OtherIncomeSource OtherIncomeAmount OtherIncomeSourceIdentify BenefitsFromAnySource SNAP
        WIC TANFChildCare TANFTransportation OtherTANF OtherBenefitsSource
        OtherBenefitsSourceIdentify InsuranceFromAnySource Medicaid NoMedicaidReason Medicare
        NoMedicareReason SCHIP NoSCHIPReason VHAServices NoVHAReason EmployerProvided
        NoEmployerProvidedReason COBRA NoCOBRAReason PrivatePay NoPrivatePayReason StateHealthIns
        NoStateHealthInsReason IndianHealthServices NoIndianHealthServicesReason OtherInsurance
        OtherInsuranceIdentify ADAP NoADAPReason RyanWhiteMedDent NoRyanWhiteReason
        ConnectionWithSOAR DataCollectionStage
    """,
    "Inventory": """
        InventoryID ProjectID CoCCode HouseholdType Availability UnitInventory BedInventory
        CHVetBedInventory YouthVetBedInventory VetBedInventory CHYouthBedInventory
        YouthBedInventory CHBedInventory OtherBedInventory ESBedType InventoryStartDate
        InventoryEndDate
    """,
    "Organization": """
        OrganizationID OrganizationName VictimServiceProvider OrganizationCommonName
    """,
    "Project": """
        ProjectID OrganizationID ProjectName ProjectCommonName OperatingStartDate OperatingEndDate
        ContinuumProject ProjectType HousingType RRHSubType ResidentialAffiliation
        TargetPopulation HOPWAMedAssistedLivingFac PITCount
    """,
    "ProjectCoC": """
        ProjectCoCID ProjectID CoCCode Geocode Address1 Address2 City State ZIP GeographyType
    """,
    "Services": """
        ServicesID EnrollmentID PersonalID DateProvided RecordType TypeProvided OtherTypeProvided
        MovingOnOtherType SubTypeProvided FAAmount FAStartDate FAEndDate ReferralOutcome
    """,
    "User": """
        UserID UserFirstName UserLastName UserPhone UserExtension UserEmail DateCreated
        DateUpdated DateDeleted ExportID
    """,
    "YouthEducationStatus": """
        YouthEducationStatusID EnrollmentID PersonalID InformationDate CurrentSchoolAttend
        MostRecentEdStatus CurrentEdStatus DataCollectionStage
    """,
}
_GENDER_2024: Final = (
    "Woman Man NonBinary CulturallySpecific Transgender Questioning DifferentIdentity GenderNone "
    "DifferentIdentityText"
).split()
#: Columns about race and ethnicity, which stand between sex and veteran status.
_RACE_COLUMNS: Final = 9

#: The files in the order in which they stand in the archive.
FILES: Final = tuple(_COLUMNS)


def header(table: str, version: Version = "2026") -> list[str]:
    """Column names of one file."""
    columns = _COLUMNS[table].split()
    if table not in ("Export", "User"):
        columns += TAIL
    if version == "2024":
        columns = _as_2024(table, columns)
    return columns


def _as_2024(table: str, columns: list[str]) -> list[str]:
    if table == "Client":
        at = columns.index("Sex")
        columns[columns.index("HispanicLatinao")] = "HispanicLatinaeo"
        races = at + 1 + _RACE_COLUMNS
        return [*columns[:at], *columns[at + 1 : races], *_GENDER_2024, *columns[races:]]
    if table == "Enrollment":
        columns.remove("MentalHealthConsultation")
        at = columns.index("RunawayYouth") + 1
        columns[at:at] = ["SexualOrientation", "SexualOrientationOther"]
        at = columns.index("ThresholdScore") + 1
        columns[at:at] = ["TranslationNeeded", "PreferredLanguage", "PreferredLanguageDifferent"]
    return columns
